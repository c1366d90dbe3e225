"""What docs/METRICS.md says of each metric, and who uses it in truth."""

import json
import re

import promql
import rules
from exposed import ROOT, SUFFIXES, everything

PAGE = ROOT / "docs" / "METRICS.md"
BOARDS = ROOT / "charts" / "oc" / "dashboards"
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<kind>\w+) \| (?P<labels>[^|]*) \| (?P<unit>[^|]+) \| (?P<meaning>[^|]+) \| (?P<used>[^|]*) \|$", re.M)


def rows():
    """Every row of the tables, by metric."""
    found = [match.groupdict() for match in ROW.finditer(PAGE.read_text())]
    assert len({row["name"] for row in found}) == len(found), "a metric is told of twice"
    return {row["name"]: row for row in found}


def labels(row):
    """The labels of a row, each with its closed list of values, or None where the page leaves it open."""
    result = {}
    for part in filter(None, (part.strip() for part in row["labels"].replace("–", "").split(";"))):
        name, _, values = part.partition(":")
        listed = re.findall(r"`([^`]+)`", values)
        closed = re.fullmatch(r"( `[^`]+`,?)+", values)
        result[name.strip("`")] = set(listed) if closed else None
    return result


def used():
    """Who uses each metric: names of alerts, then of dashboards."""
    result = {name: [] for name in everything()}
    for alert, rule in sorted(rules.alerts().items()):
        for name in families(rules.exposed_names(rule["expr"])):
            result[name].append(f"[{alert}](runbooks/{alert}.md)")
    for path in sorted(BOARDS.glob("*.json")):
        asked = set()
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                asked |= promql.names(target["expr"])
        for name in families(asked):
            result[name].append(path.stem)
    return result


def families(names):
    """Metrics of ours whose series these are."""
    owner = {name + suffix: name for name, metric in everything().items() for suffix in SUFFIXES.get(metric.kind, ("",))}
    return sorted({owner[name] for name in names if name in owner})
