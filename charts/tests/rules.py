"""The groups of rules that the chart ships, and what tests of them share."""

import functools
import subprocess

import pytest
import yaml

import promql
from exposed import ROOT, series

FOLDER = ROOT / "charts" / "oc" / "rules"
CASES = ROOT / "charts" / "tests" / "rules"
RUNBOOKS = ROOT / "docs" / "runbooks"


@functools.cache
def every():
    """Every rule, in the order of files and groups."""
    return [rule for path in sorted(FOLDER.glob("*.yaml"))
            for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def alerts():
    return {rule["alert"]: rule for rule in every() if "alert" in rule}


def recordings():
    return {rule["record"]: rule["expr"] for rule in every() if "record" in rule}


@functools.cache
def known():
    """Labels of everything that is exposed or recorded."""
    found, waiting = dict(series()), recordings()
    while waiting:
        ready = [name for name, expr in waiting.items() if not promql.names(expr) & waiting.keys()]
        assert ready, f"these use each other in a circle: {sorted(waiting)}"
        for name in ready:
            found[name] = promql.labels(waiting.pop(name), found)
    return found


def exposed_names(expr):
    """The exposed series that an expression uses, also those behind recorded ones."""
    found = set()
    for name in promql.names(expr):
        recorded = recordings().get(name)
        found |= exposed_names(recorded) if recorded else {name}
    return found


@functools.cache
def _promtool():
    asked = subprocess.run([ROOT / "scripts" / "promtool.sh", "--path"], capture_output=True, text=True, check=False)
    return asked.stdout.strip(), asked.stderr.strip()


def promtool(*arguments):
    """Runs promtool; returns its exit code and everything it said."""
    path, why = _promtool()
    if not path:
        pytest.skip(why)
    ended = subprocess.run([path, *map(str, arguments)], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr
