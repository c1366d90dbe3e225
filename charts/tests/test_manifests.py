"""Everything that is rendered is what an API server takes."""

import copy

import pytest
import yaml

from conftest import CASES, CHART, NEWEST, OLDEST, ROOT, helm, kinds, options, render
from manifests import problems


@pytest.mark.parametrize("name", CASES)
def test_helm_finds_nothing_to_complain_about(name):
    role, files, strings = CASES[name]
    code, out, err = helm("lint", "--strict", "--quiet", str(CHART),
                          *options((f"ci/{role}-values.yaml", *files), (), strings))
    assert code == 0, out + err


@pytest.mark.parametrize("version", (OLDEST, NEWEST))
@pytest.mark.parametrize("name", CASES)
def test_every_object_fits_its_schema(name, version):
    role, files, strings = CASES[name]
    for upgrade in (False, True) if "job" in name else (False,):
        objects = render(role, *files, strings=strings, version=version, upgrade=upgrade)
        assert not [problem for o in objects for problem in problems(o, version)]


def test_the_matrix_renders_every_kind_that_the_chart_has():
    rendered = {kind for role, files, strings in CASES.values() for kind in kinds(render(role, *files, strings=strings))}
    text = "\n".join(path.read_text() for path in (CHART / "templates").rglob("*.yaml"))
    assert {line.split(": ")[1] for line in text.splitlines() if line.startswith("kind: ")} - rendered <= {"PrometheusRule"}


def test_what_is_wrong_is_found():
    objects = render("provider", "ci/cnpg-values.yaml", "ci/entry-values.yaml", "ci/observed-values.yaml")
    for kind, change in {
        "Deployment": lambda spec: spec["template"]["spec"].update(bogus=1),
        "NetworkPolicy": lambda spec: spec["ingress"][0].update(port=80),
        "Cluster": lambda spec: spec.update(instances="three"),
        "HTTPRoute": lambda spec: spec["rules"][0].update(retries=3),
        "ServiceMonitor": lambda spec: spec["endpoints"][0].update(interval="30 seconds"),
        "ObjectStore": lambda spec: spec.update(retentionPolicy="for ever"),
    }.items():
        broken = copy.deepcopy(next(o for o in objects if o["kind"] == kind))
        change(broken["spec"])
        assert problems(broken, NEWEST), kind
    for unknown in ({"apiVersion": "autoscaling/v2beta2", "kind": "HorizontalPodAutoscaler"},
                    {"apiVersion": "example.org/v1", "kind": "Unknown"}):
        assert problems({**unknown, "metadata": {"name": "x"}}, NEWEST)


def test_chart_and_program_have_the_same_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    cargo = (ROOT / "Cargo.toml").read_text()
    version = cargo.split('\nversion = "')[1].split('"')[0]
    assert (str(chart["version"]), str(chart["appVersion"])) == (version, version)
    assert chart["kubeVersion"] == f">={OLDEST}-0"


def test_an_older_kubernetes_is_refused():
    code, _, err = helm("template", "oc", str(CHART), *options(("ci/client-values.yaml",)), "--kube-version=1.30.9")
    assert code != 0 and "incompatible with Kubernetes" in err
