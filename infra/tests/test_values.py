"""What charts/oc makes of the values of each environment fits what stands around it."""

import subprocess

import pytest
import yaml

from rehearsal import ROOT, rehearse
from test_files import load_all, variables

CASES = [(environment, role) for environment in ("local", "staging", "production") for role in ("client", "provider")]


def helm(*arguments):
    result = subprocess.run([ROOT / "scripts/helm.sh", *arguments], text=True, capture_output=True, cwd=ROOT, check=False)
    if result.returncode == 77:
        pytest.skip(result.stderr)
    assert result.returncode == 0, result.stderr
    return [document for document in yaml.safe_load_all(result.stdout) if document]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(case))
def deployed(request, tmp_path_factory):
    """Environment, role, and the objects of the very command that scripts/deploy.sh runs."""
    environment, role = request.param
    place = tmp_path_factory.mktemp("rehearsal")
    _, calls, _ = rehearse(place, "scripts/deploy.sh", environment, role, OC_IMAGE="registry.example.org/oc", OC_TAG="1")
    words = calls[0].split()
    assert words[:5] == ["helm", "upgrade", "--install", "oc", "charts/oc"]
    own = [word for word in words[5:] if word not in ("--rollback-on-failure", "--wait")]
    return environment, role, helm("template", "oc", "charts/oc", *own[: own.index("--timeout")])


def one(objects, kind, name=None):
    (found,) = [item for item in objects if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def test_its_routes_belong_to_a_listener_of_the_gateway(deployed):
    environment, role, objects = deployed
    release = variables(f"environments/{environment}.env")["GATEWAY_RELEASE"]
    gateway = one(
        helm("template", release, "charts/oc-gateway", f"--values=charts/oc-gateway/values-{environment}.yaml", "--namespace=oc-gateway"), "Gateway"
    )
    listeners = {
        listener["hostname"]: listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"]
        for listener in gateway["spec"]["listeners"] if "hostname" in listener
    }
    routes = [item for item in objects if item["kind"] == "HTTPRoute"]
    assert routes
    for route in routes:
        (parent,) = route["spec"]["parentRefs"]
        assert (parent["name"], parent["namespace"]) == (gateway["metadata"]["name"], "oc-gateway")
        namespace = one(load_all(f"namespaces/{environment}.yaml"), "Namespace", route["metadata"]["namespace"])
        for hostname in route["spec"]["hostnames"]:
            assert listeners[hostname].items() <= namespace["metadata"]["labels"].items(), hostname
            assert listeners[hostname]["oc.on-track.ch/role"] == role


def test_every_secret_that_a_pod_needs_is_made_by_something(deployed):
    environment, role, objects = deployed
    needed = {
        (reference["name"], reference["key"])
        for container in one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
        for entry in container.get("env", []) for reference in [entry.get("valueFrom", {}).get("secretKeyRef")] if reference
    }
    (secret,) = load_all(f"external-secrets/{role}.yaml")
    made = {(secret["spec"]["target"]["name"], entry["secretKey"]) for entry in secret["spec"]["data"]}
    # CloudNativePG's own.
    assert {pair for pair in needed if not pair[0].endswith("-db-app")} <= made, environment


def test_the_monitoring_reaches_the_pods_and_is_reached(deployed):
    environment, _, objects = deployed
    policy = yaml.safe_dump(one(objects, "NetworkPolicy", one(objects, "Deployment")["metadata"]["name"]))
    assert "kubernetes.io/metadata.name: oc-monitoring" in policy and "kubernetes.io/metadata.name: oc-gateway" in policy
    settings = yaml.safe_dump(objects)
    assert ("alloy.oc-monitoring" in settings) == (environment != "local")


def test_production_is_backed_up_with_a_login_that_is_fetched(deployed):
    environment, _, objects = deployed
    stores = [item for item in objects if item["kind"] == "ObjectStore"]
    assert bool(stores) == (environment == "production")
    (secret,) = load_all("external-secrets/backups.yaml")
    for store in stores:
        s3 = store["spec"]["configuration"]["s3Credentials"]
        assert {(s3[key]["name"], s3[key]["key"]) for key in ("accessKeyId", "secretAccessKey")} == {
            (secret["spec"]["target"]["name"], entry["secretKey"]) for entry in secret["spec"]["data"]
        }


def test_whoever_deploys_may_make_what_the_chart_has_and_nothing_else(deployed):
    _, _, objects = deployed
    (role,) = load_all("access/deployer.yaml")
    may = {(group, resource): set(rule["verbs"]) for rule in role["rules"] for group in rule["apiGroups"] for resource in rule["resources"]}
    plural = {"NetworkPolicy": "networkpolicies"}
    for item in objects:
        group = item["apiVersion"].rpartition("/")[0]
        resource = plural.get(item["kind"], item["kind"].lower() + "s")
        assert {"get", "create"} <= may.get((group, resource), set()), f"may not make {resource}"
    assert not any("*" in words for words in [*may.values(), *may]), "a star allows what nobody has thought of"
    assert not {resource for _, resource in may} & {"roles", "rolebindings", "namespaces", "clusterroles", "nodes"}
