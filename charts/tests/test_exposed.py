"""The reader of /metrics that the other tests rely on."""

import pytest

import exposed

TEXT = """# HELP a_total What happened.
# TYPE a_total counter
a_total{route="/d/{id}",status="200"} 1
# TYPE b counter
b_total{job="x"} 2 # {trace_id="0af7",span_id="b7ad"} 0.5
# TYPE c_seconds histogram
c_seconds_bucket{pool="x",le="0.1"} 1 # {trace_id="0af7"} 0.05
c_seconds_sum{pool="x"} 0.05
c_seconds_count{pool="x"} 1
# EOF
"""


def test_both_formats_are_read_with_routes_and_exemplars():
    found = exposed.read(TEXT)
    assert {name: metric.kind for name, metric in found.items()} == {
        "a_total": "counter", "b_total": "counter", "c_seconds": "histogram"}
    assert found["a_total"].labels == {"route": {"/d/{id}"}, "status": {"200"}}
    assert found["b_total"].labels == {"job": {"x"}}
    assert set(found["c_seconds"].labels) == {"pool", "le"}


def test_what_is_no_sample_is_not_passed_over():
    with pytest.raises(AssertionError, match="no sample"):
        exposed.read("# TYPE a_total counter\na_totl 1\n")


def test_a_label_that_prometheus_has_itself_is_stored_under_another_name():
    assert exposed.as_stored("job") == "exported_job" and exposed.as_stored("pool") == "pool"


def test_texts_of_running_roles_can_be_given_instead(tmp_path, monkeypatch):
    given = []
    for role in exposed.ROLES:
        path = tmp_path / role
        path.write_text(f'# TYPE oc_build_info gauge\noc_build_info{{role="{role}"}} 1\n')
        given.append(str(path))
    monkeypatch.setenv("OC_METRICS_TEXT", ":".join(given))
    assert all(set(exposed.of_role(role)) == {"oc_build_info"} for role in exposed.ROLES)
    monkeypatch.setenv("OC_METRICS_TEXT", given[0])
    with pytest.raises(AssertionError, match="client"):
        exposed.of_role("client")
