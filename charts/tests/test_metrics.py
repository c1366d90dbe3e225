"""docs/METRICS.md tells of what the roles expose, no more and no less, and of who uses it."""

import json
import re

import pytest

import documented
import promql
import rules
from exposed import ROLES, as_stored, everything, of_role

PERSONAL = {"tenant", "tenant_id", "document", "document_id", "subject", "user", "address", "ip", "path", "code", "token", "request_id"}


def test_every_metric_is_documented_and_every_documented_metric_is_there():
    assert set(documented.rows()) == set(everything())


@pytest.mark.parametrize("name", sorted(everything()))
def test_a_metric_is_documented_as_it_is(name):
    row, metric = documented.rows()[name], everything()[name]
    assert row["kind"] == metric.kind
    told = documented.labels(row)
    assert set(told) == set(metric.labels) - {"le"}
    for label, values in told.items():
        assert values is None or metric.labels[label] <= values, f"{label} has a value that is not told of"


@pytest.mark.parametrize("name", sorted(everything()))
def test_a_metric_says_who_uses_it(name):
    assert documented.rows()[name]["used"] == ", ".join(documented.used()[name])


@pytest.mark.parametrize("role", ROLES)
def test_no_label_tells_of_a_tenant_or_of_a_person(role):
    for name, metric in of_role(role).items():
        assert not set(metric.labels) & PERSONAL, name
        assert name == "oc_build_info" or "role" not in metric.labels, name


def expressions():
    yield from (rule["expr"] for rule in rules.every())
    for path in documented.BOARDS.glob("*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            yield from (target["expr"] for target in panel.get("targets", ()))


def test_rules_and_dashboards_ask_only_for_values_that_a_label_can_have():
    owner = {as_stored(label): {} for metric in everything().values() for label in metric.labels}
    for name, row in documented.rows().items():
        for label, values in documented.labels(row).items():
            owner[as_stored(label)][name] = values
    asked = 0
    for expr in expressions():
        for selector in promql.selectors(promql.parse(expr)):
            for matcher in selector.matchers.matchers:
                family = documented.families([selector.name])
                values = owner.get(matcher.name, {}).get(family[0]) if family else None
                if values:
                    pattern = matcher.value if "Re" in str(matcher.op) else re.escape(matcher.value)
                    # Each alternative has to mean something: a misspelt one would never be missed.
                    for word in pattern.split("|"):
                        assert any(re.fullmatch(word, value) for value in values), f"{expr}: {matcher.name} is never {word}"
                        asked += 1
    assert asked > 50
