"""How releases are installed, upgraded, tested and removed, and that they don't get in each other's way."""

import re

import pytest

from conftest import CASES, CHART, ROLES, kinds, one, pods, render

# What belongs to a whole cluster. The chart makes none of it.
CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "PriorityClass", "ClusterIssuer",
                "StorageClass", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "GatewayClass"}


def hooks(objects):
    return {o["metadata"]["name"]: o["metadata"]["annotations"]["helm.sh/hook"] for o in objects
            if "helm.sh/hook" in o["metadata"].get("annotations", {})}


def test_names_fit_and_stand_once(case):
    _, objects = case
    names = [(o["apiVersion"].split("/")[0], o["kind"], o["metadata"]["name"]) for o in objects]
    assert len(names) == len(set(names))
    assert all(len(name) <= 63 and re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name) for _, _, name in names)


@pytest.mark.parametrize("role", ROLES)
def test_the_longest_name_that_is_allowed_leaves_room_for_what_is_added(role):
    for upgrade in (False, True):
        objects = render(role, "ci/cnpg-values.yaml", "ci/job-values.yaml", values={"fullnameOverride": "x" * 40}, upgrade=upgrade)
        assert max(len(o["metadata"]["name"]) for o in objects) <= 63
        assert len(one(objects, "Cluster")["metadata"]["name"]) <= 50


@pytest.mark.parametrize("role", ROLES)
def test_names_are_those_that_deployments_know(role):
    objects = render(role, f"values-{role}.yaml")
    assert one(objects, "Service")["metadata"]["name"] == f"oc-{role}-backend"
    assert [p["port"] for p in one(objects, "Service")["spec"]["ports"] if p["name"] == "http"] == [80]
    provider = one(render("provider", "values-provider.yaml"), "ConfigMap", "oc-provider-backend")["data"]
    assert provider["CLIENT_BASE_URL"] == "http://oc-client-backend.oc-client.svc.cluster.local/api/"


def test_releases_do_not_get_in_each_others_way():
    for files in ((), ("ci/everything-values.yaml", "ci/cnpg-values.yaml", "ci/observed-values.yaml")):
        here, there = (render("client", *files, namespace=namespace) for namespace in ("oc-one", "oc-two"))
        assert not set(kinds(here)) & CLUSTER_WIDE
        own = [o for o in here if o["metadata"]["name"] not in ("oc-further", "oc-as-text")]
        assert {o["metadata"]["namespace"] for o in own} == {"oc-one"}
        assert len(here) == len(there)
    both = [(o["kind"], o["metadata"]["namespace"], o["metadata"]["name"])
            for role in ROLES for o in render(role, f"values-{role}.yaml", namespace="oc")]
    assert len(both) == len(set(both)), "the roles may even share a namespace"


def test_a_first_installation_waits_for_nothing_that_comes_later(case):
    """Before the objects of a release there is nothing: neither account nor Secret nor database."""
    _, objects = case
    assert set(hooks(objects).values()) <= {"test"}
    for name, _, spec in pods(objects):
        secrets = {v["valueFrom"]["secretKeyRef"]["name"] for c in spec["containers"] for v in c.get("env", []) if "valueFrom" in v}
        made = {o["metadata"]["name"] for o in objects if o["kind"] == "Secret"}
        clusters = {o["metadata"]["name"] for o in objects if o["kind"] == "Cluster"}
        given = {"oc-provider", "oc-client", "oc-provider-backend", "oc-client-backend", "database", "traces", "token", "x"}
        assert secrets <= made | {f"{c}-app" for c in clusters} | given, name


def test_an_upgrade_migrates_before_its_pods_come_and_uses_nothing_that_it_brings():
    objects = render("provider", "ci/job-values.yaml", upgrade=True, values={"migrations.mode": "job"})
    job = one(objects, "Job")
    assert hooks(objects)[job["metadata"]["name"]] == "pre-upgrade"
    assert job["metadata"]["annotations"]["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
    spec = job["spec"]["template"]["spec"]
    assert "serviceAccountName" not in spec and "envFrom" not in spec["containers"][0]
    assert "initContainers" not in one(objects, "Deployment")["spec"]["template"]["spec"]
    first = one(render("provider", "ci/job-values.yaml"), "Job")
    assert "annotations" not in first["metadata"], "a hook after an installation would never come with --wait"
    assert job["spec"].pop("ttlSecondsAfterFinished") == 3600, "a hook that failed belongs to no release"
    assert first["spec"] == job["spec"] and first["metadata"]["name"] != job["metadata"]["name"]
    newer = one(render("provider", "ci/job-values.yaml", values={"image.tag": "9"}), "Job")
    assert newer["metadata"]["name"] != first["metadata"]["name"], "the pod of a Job can't be changed"


def test_helm_test_sends_a_document_where_a_token_can_be_had():
    delivery = one(render("provider", "values-provider.yaml"), "Pod", "-test-delivery")["spec"]["containers"][0]
    told = {v["name"]: v.get("value", v.get("valueFrom")) for v in delivery["env"]}
    assert told["OC_PROVIDER_URL"] == "http://oc-provider-backend:80"
    assert told["OC_CLIENT_URL"] == "http://oc-client-backend.oc-client.svc.cluster.local"
    assert told["JWT_SECRET"]["secretKeyRef"] == {"name": "oc-provider-backend", "key": "JWT_SECRET"}
    assert told["JWT_ISSUER"] == "https://provider.on-track.ch" and delivery["args"][0] == "check"
    given = one(render("provider", values={"tests.token.existingSecret": "token"}), "Pod", "-test-delivery")
    assert "OC_TOKEN" in [v["name"] for v in given["spec"]["containers"][0]["env"]]
    assert [o["metadata"]["name"] for o in render("provider") if o["kind"] == "Pod"] == ["oc-provider-backend-test-ready"]
    ready = one(render("client"), "Pod")["spec"]["containers"][0]["args"]
    assert ready == ["healthcheck", "--url", "http://oc-client-backend:80/readyz"]


def test_documents_outlive_a_release_that_is_removed():
    kept = {o["kind"] for o in render("client", "ci/cnpg-values.yaml")
            if o["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"}
    assert kept == {"Cluster", "ObjectStore", "ScheduledBackup"}
    assert not [o for o in render("client", "values-client.yaml", "values-staging.yaml")
                if "helm.sh/resource-policy" in o["metadata"].get("annotations", {})]


def test_every_object_bears_the_labels_of_its_release():
    for role, files, strings in CASES.values():
        for o in render(role, *files, strings=strings):
            if o["metadata"]["name"] in ("oc-further", "oc-as-text"):
                continue
            labels = o["metadata"]["labels"]
            assert labels["app.kubernetes.io/instance"] == "oc" and labels["app.kubernetes.io/version"]
            assert ("team" in labels) == any("everything" in file for file in files)


def test_each_template_makes_one_kind_of_object():
    for template in (CHART / "templates").rglob("*.yaml"):
        if template.name != "extra-objects.yaml":
            assert len(re.findall(r"^kind: ", template.read_text(), re.M)) == 1, template.name
