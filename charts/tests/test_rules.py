"""Alerts and recording rules: they can be read, they fire when they should, and each is explained."""

import re

import pytest
import yaml

import promql
import rules
from exposed import ROLES, of_role

HEADINGS = ["What it means", "What people see", "Look first", "What to do", "What not to do"]
FILES = sorted(path.name for path in rules.FOLDER.glob("*.yaml"))
TESTS = sorted(path.name for path in rules.CASES.glob("*.test.yaml"))


def cases():
    """Every case of an alert in the unit tests, as (alert, what is expected)."""
    for path in rules.CASES.glob("*.test.yaml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test.get("alert_rule_test", ()):
                yield case["alertname"], case["exp_alerts"]


@pytest.mark.parametrize("name", FILES)
def test_promtool_can_read_every_file_of_rules(name):
    code, said = rules.promtool("check", "rules", "--lint-fatal", rules.FOLDER / name)
    assert code == 0, said


@pytest.mark.parametrize("name", TESTS)
def test_the_alerts_fire_and_stay_silent_as_their_unit_tests_say(name):
    code, said = rules.promtool("test", "rules", rules.CASES / name)
    assert code == 0, said


def test_every_alert_fires_in_one_case_and_stays_silent_in_another():
    firing = {alert for alert, expected in cases() if expected}
    silent = {alert for alert, expected in cases() if not expected}
    assert firing == set(rules.alerts()), "without a case in which they fire, or of no alert"
    assert silent == set(rules.alerts()), "without a case in which they are silent, or of no alert"


@pytest.mark.parametrize("name", [rule.get("alert") or rule["record"] for rule in rules.every()])
def test_a_rule_uses_only_metrics_and_labels_that_are_there(name):
    rule = next(rule for rule in rules.every() if name in (rule.get("alert"), rule.get("record")))
    labels = promql.labels(rule["expr"], rules.known())
    written = " ".join([*rule.get("annotations", {}).values(), *rule.get("labels", {}).values()])
    assert set(re.findall(r"\$labels\.(\w+)", written)) <= labels, "a text names a label that the alert has not"


def test_a_file_named_after_a_role_needs_nothing_of_the_other_one():
    for role, other in (ROLES, ROLES[::-1]):
        foreign = set(of_role(other)) - set(of_role(role))
        groups = yaml.safe_load((rules.FOLDER / f"{role}.yaml").read_text())["groups"]
        for rule in (rule for group in groups for rule in group["rules"]):
            assert not rules.exposed_names(rule["expr"]) & foreign, rule


@pytest.mark.parametrize("name", rules.alerts())
def test_an_alert_says_how_urgent_it_is_and_where_to_read_on(name):
    rule = rules.alerts()[name]
    assert name.startswith("Oc") and rule["labels"]["severity"] in ("page", "ticket")
    assert re.fullmatch(r"\d+[mh]", rule["for"])
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
    assert len(rule["annotations"]["summary"]) <= 80, "a summary has to fit on a telephone"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert():
    there = {path.stem for path in rules.RUNBOOKS.glob("*.md")} - {"README"}
    assert there == set(rules.alerts())


@pytest.mark.parametrize("name", rules.alerts())
def test_a_runbook_answers_the_same_questions_and_says_why_it_is_urgent_or_not(name):
    text = (rules.RUNBOOKS / f"{name}.md").read_text()
    severity = rules.alerts()[name]["labels"]["severity"]
    assert text.startswith(f"# {name}\n\n**{severity.capitalize()}.** "), "title, then how urgent it is and why"
    assert re.findall(r"^## (.+)$", text, re.M) == HEADINGS
    assert len(text.splitlines()) <= 60, "whoever reads it at night has little time"
    listed = (rules.RUNBOOKS / "README.md").read_text()
    assert re.search(rf"^\| \[{name}\]\({name}\.md\) \| {severity} \|", listed, re.M), "not in the index, or with another severity"


def test_the_expressions_in_runbooks_use_metrics_and_labels_that_are_there():
    count = 0
    for path in rules.RUNBOOKS.glob("*.md"):
        for block in re.findall(r"```promql\n(.*?)```", path.read_text(), re.S):
            for expr in filter(None, (line.strip() for line in block.splitlines())):
                promql.labels(expr, rules.known())
                count += 1
    assert count >= len(rules.alerts()) // 2


def test_links_of_runbooks_lead_somewhere():
    for path in rules.RUNBOOKS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
