"""The dashboards: they are as their programs write them, they can be read, and they lie well on the screen."""

import itertools
import json
import re
import subprocess
import sys

import pytest
import yaml

import promql
import rules
from exposed import ROOT, everything

FOLDER = ROOT / "charts" / "oc" / "dashboards"
NAMES = ("access", "delivery", "overview", "process")
UNITS = {"short", "s", "reqps", "ops", "percentunit", "bytes", "cores"}
COLOURS = {"green", "orange", "red", "purple", "blue"}


@pytest.fixture(params=NAMES)
def board(request):
    return json.loads((FOLDER / f"{request.param}.json").read_text())


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(board):
    """Every question to Prometheus, with the title of its panel."""
    return [(panel["title"], target) for panel in panels(board) for target in panel["targets"]]


def boards():
    return [json.loads((FOLDER / f"{name}.json").read_text()) for name in NAMES]


def test_the_dashboards_are_as_their_programs_write_them():
    ended = subprocess.run([sys.executable, "-B", ROOT / "charts" / "dashboards" / "build.py", "--check"],
                           capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert sorted(path.stem for path in FOLDER.iterdir()) == list(NAMES)


def test_every_dashboard_has_an_id_and_a_title_of_its_own():
    assert len({board["uid"] for board in boards()}) == len({board["title"] for board in boards()}) == len(NAMES)
    assert all(re.fullmatch(r"oc-[a-z]+", board["uid"]) for board in boards())


def test_a_dashboard_asks_which_prometheus_which_namespace_and_which_job(board):
    assert [variable["name"] for variable in board["templating"]["list"]] == ["datasource", "namespace", "job"]
    used = [thing["datasource"] for thing in panels(board)] + [target["datasource"] for _, target in targets(board)]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in used)


def test_every_question_asks_for_the_chosen_namespace_and_job(board):
    for title, target in targets(board):
        for selector in promql.selectors(promql.parse(target["expr"])):
            chosen = {(m.name, m.value) for m in selector.matchers.matchers}
            assert ("namespace", "$namespace") in chosen, title
            assert ("job", "$job") in chosen or selector.name == "ALERTS", title


def test_every_question_uses_only_metrics_and_labels_that_are_there(board):
    for title, target in targets(board):
        try:
            labels = promql.labels(target["expr"], rules.known()) or set()
        except promql.Wrong as wrong:
            raise AssertionError(f"{title}: {wrong}") from wrong
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels, f"{title}: a legend without its label"


def test_the_dashboards_work_without_the_recording_rules(board):
    recorded = rules.recordings()
    assert not [title for title, target in targets(board) if promql.names(target["expr"]) & recorded.keys()]


def test_prometheus_itself_can_read_every_question(board, tmp_path):
    exprs = [target["expr"].replace("$__rate_interval", "5m") for _, target in targets(board)]
    exprs.append(board["annotations"]["list"][0]["expr"])
    group = {"name": "panels", "rules": [{"record": f"panel:{n}", "expr": expr} for n, expr in enumerate(exprs)]}
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [group]}))
    code, said = rules.promtool("check", "rules", file)
    assert code == 0, said


def test_panels_lie_beside_each_other_and_fill_their_rows(board):
    taken = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0 and place["x"] + place["w"] <= 24, panel["title"]
        for cell in itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])):
            assert cell not in taken, f"{panel['title']} lies on {taken.get(cell)}"
            taken[cell] = panel["title"]
    height = max(y for _, y in taken) + 1
    assert len(taken) == 24 * height, "there are gaps"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_most_important_numbers_are_at_the_top(board):
    first = [panel for panel in board["panels"] if 0 < panel["gridPos"]["y"] < 5]
    assert board["panels"][0]["type"] == "row" and {panel["type"] for panel in first} == {"stat"}


def test_titles_are_short_and_of_their_own(board):
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles)
    for panel in panels(board):
        room = 5 * panel["gridPos"]["w"] if panel["type"] == "stat" else 35
        assert len(panel["title"]) <= room, f"{panel['title']} is too long for its panel"


def test_every_number_has_a_unit_and_colours_that_can_be_read_on_light_and_dark(board):
    for panel in panels(board):
        defaults = panel["fieldConfig"]["defaults"]
        if panel["type"] != "table":
            assert defaults["unit"] in UNITS, panel["title"]
    # Names have a shade for each theme; numbers of colours have not.
    found = set(re.findall(r'"(?:color|fixedColor|iconColor)": "([^"]*)"', json.dumps(board)))
    assert found <= COLOURS, found - COLOURS


def test_thresholds_go_up_and_only_colour_what_can_be_wrong(board):
    for panel in panels(board):
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
        limits = [step["value"] for step in steps]
        assert limits[:1] in ([], [None]) and limits[1:] == sorted(set(limits[1:])), panel["title"]


def test_shares_are_shares_and_times_are_times(board):
    """A unit that does not fit its question makes a number wrong by a factor."""
    for panel in panels(board):
        unit = panel["fieldConfig"]["defaults"].get("unit")
        for target in panel["targets"]:
            expr = target["expr"]
            assert ("histogram_quantile" in expr or "time()" in expr or "_oldest_seconds" in expr) == (unit == "s"), panel["title"]
            assert ("reqps" == unit or "ops" == unit) <= ("rate(" in expr), panel["title"]
            assert (unit == "bytes") == ("_bytes" in expr), panel["title"]


def test_every_metric_is_on_a_dashboard():
    shown = set()
    for board in boards():
        for _, target in targets(board):
            shown |= {re.sub(r"_bucket$", "", name) for name in promql.names(target["expr"])}
    assert set(everything()) - shown <= {"process_max_fds"}, "nobody can see these"
