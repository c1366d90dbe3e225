"""Rules of alerts and dashboards: any number of files, handed on as they are."""

import json
import shutil

import pytest
import yaml

from conftest import CHART, NEWEST, ROLES, kinds, one, render
from manifests import problems

RULES = """# Alerts.
---
groups:
  - name: oc
    rules:
      - alert: Slow
        expr: histogram_quantile(0.99, sum by (le) (rate(oc_http_request_duration_seconds_bucket[5m]))) > 3000000
        annotations:
          summary: "{{ $labels.route }} takes {{ $value | humanizeDuration }}"
"""
SWITCHED = {"metrics.prometheusRule.enabled": True, "metrics.dashboards.enabled": True}


def chart_with(folder, **files):
    """A copy of the chart with these files and no others in rules/ and dashboards/."""
    chart = folder / "oc"
    shutil.copytree(CHART, chart, ignore=shutil.ignore_patterns("rules", "dashboards"))
    for name, text in files.items():
        place = chart / ("dashboards" if name.endswith("json") else "rules") / name.replace("_", ".")
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    return chart


@pytest.mark.parametrize("role", ROLES)
def test_without_files_nothing_is_made(role, tmp_path):
    objects = render(role, values=SWITCHED, chart=chart_with(tmp_path))
    assert kinds(objects) == kinds(render(role))


def test_each_file_is_handed_on_as_it_is(tmp_path):
    dashboard = json.dumps({"uid": "oc", "title": "{{ no template }}", "panels": [1, 2]}, indent=2)
    chart = chart_with(tmp_path, slow_yaml=RULES, lost_yaml=RULES, overview_json=dashboard, database_json="{}")
    objects = render("provider", values=SWITCHED, chart=chart)
    rules = [o for o in objects if o["kind"] == "PrometheusRule"]
    assert sorted(o["metadata"]["name"] for o in rules) == ["oc-provider-backend-lost", "oc-provider-backend-slow"]
    assert all(o["spec"] == yaml.safe_load(RULES.replace("---\n", "")) for o in rules)
    assert not [problem for o in rules for problem in problems(o, NEWEST)]
    overview = one(objects, "ConfigMap", "-dashboard-overview")
    assert json.loads(overview["data"]["overview.json"]) == json.loads(dashboard)
    assert overview["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert one(objects, "ConfigMap", "-dashboard-database")


def test_a_file_of_the_other_role_stays_out(tmp_path):
    chart = chart_with(tmp_path, provider_yaml=RULES, client_yaml=RULES, common_yaml=RULES)
    for role in ROLES:
        names = [o["metadata"]["name"] for o in render(role, values=SWITCHED, chart=chart) if o["kind"] == "PrometheusRule"]
        assert sorted(names) == sorted([f"oc-{role}-backend-common", f"oc-{role}-backend-{role}"])
    # Both releases of production together have each file once.
    files = [o["metadata"]["name"].removeprefix(f"oc-{role}-backend-") for role in ROLES
             for o in render(role, f"values-{role}.yaml", chart=chart) if o["kind"] == "PrometheusRule"]
    assert sorted(files) == ["client", "common", "provider"]


def test_the_files_of_the_chart_fit():
    for role in ROLES:
        objects = render(role, values=SWITCHED)
        assert not [problem for o in objects for problem in problems(o, NEWEST)]
        for board in (o for o in objects if o["kind"] == "ConfigMap" and "-dashboard-" in o["metadata"]["name"]):
            assert len(str(board)) < 900_000, "a ConfigMap holds a mebibyte"
            assert all(json.loads(text)["uid"] for text in board["data"].values())
