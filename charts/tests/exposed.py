"""What the roles expose: metrics, their types and labels, read from a text of GET /metrics."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("provider", "client")
# Labels that Prometheus adds to whatever it reads.
TARGET = frozenset({"namespace", "job", "instance", "pod", "service", "container", "endpoint"})
# A route holds braces, and an exemplar behind the value holds labels of its own.
SAMPLE = re.compile(r'^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (?P<value>\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count", "")}


@dataclass
class Metric:
    """A family: what kind it is, and which values each of its labels was seen with."""

    name: str
    kind: str = "untyped"
    labels: dict = field(default_factory=dict)


def read(text):
    """The families of a text in the format of Prometheus or of OpenMetrics, by name."""
    families, owner = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            if kind == "counter" and not name.endswith("_total"):
                # OpenMetrics names the family without the ending of its samples.
                name += "_total"
            families[name] = Metric(name, kind)
            owner |= {name + suffix: name for suffix in SUFFIXES.get(kind, ("",))}
        elif line and not line.startswith("#"):
            found = SAMPLE.match(line)
            assert found and found["name"] in owner, f"no sample of a family: {line}"
            metric = families[owner[found["name"]]]
            for label, value in LABEL.findall(found["labels"] or ""):
                metric.labels.setdefault(label, set()).add(value)
    return families


def of_role(role):
    """The families of a role: of the files in OC_METRICS_TEXT (a list like PATH), or those kept here."""
    given = [Path(path) for path in os.environ.get("OC_METRICS_TEXT", "").split(os.pathsep) if path]
    for path in given or [Path(__file__).parent / "metrics" / f"{role}.prom"]:
        families = read(path.read_text())
        build = families.get("oc_build_info")
        assert build, f"{path} has no oc_build_info"
        if build.labels["role"] == {role}:
            return families
    raise AssertionError(f"none of {given} is a text of role {role}")


def everything():
    """The families of both roles."""
    both = {}
    for role in ROLES:
        for name, metric in of_role(role).items():
            known = both.setdefault(name, Metric(name, metric.kind))
            assert known.kind == metric.kind, f"{name} is of two types"
            for label, values in metric.labels.items():
                known.labels.setdefault(label, set()).update(values)
    return both


def as_stored(label):
    """The name under which Prometheus stores a label: it has some names for itself."""
    return f"exported_{label}" if label in TARGET else label


def series():
    """Every name that an expression may use, with the labels that it has then."""
    known = {"up": set(TARGET), "ALERTS": {*TARGET, "alertname", "alertstate", "severity", "role", "destination", "channel"}}
    for metric in everything().values():
        own = {as_stored(label) for label in metric.labels}
        for suffix in SUFFIXES.get(metric.kind, ("",)):
            known[metric.name + suffix] = own | TARGET if suffix == "_bucket" else (own - {"le"}) | TARGET
    return known
