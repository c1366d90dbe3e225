"""What can be reached from outside, and what can't."""

import json
import re

import pytest

from conftest import ROLES, ROOT, kinds, one, render

# For operators and their machines; and /v1, which has a name of its own.
INSIDE = {"/metrics", "/livez", "/readyz", "/docs", "/docs/swagger.json", "//metrics", "/api2", "/metrics/"}


def allowed(matches, path):
    """Whether the Gateway API sends a path on: Exact is equal, PathPrefix goes by whole parts."""
    def fits(match):
        kind, value = match["type"], match["value"]
        return path == value if kind == "Exact" else path == value or path.startswith(value.rstrip("/") + "/")
    return any(fits(m) for m in matches)


def of_route(route):
    return [m["path"] for rule in route["spec"]["rules"] for m in rule["matches"]]


def of_ingress(ingress, host):
    [rule] = [r for r in ingress["spec"]["rules"] if r["host"] == host]
    return [{"type": p["pathType"].replace("Prefix", "PathPrefix"), "value": p["path"]} for p in rule["http"]["paths"]]


def paths(role):
    """Every path of the role: its API as it is described, its pages as they are mounted."""
    described = set(json.loads((ROOT / f"openapi/{role}.json").read_text())["paths"])
    mounted = set(re.findall(r'"(/[^"]*)"', (ROOT / f"src/roles/{role}/web/mod.rs").read_text()))
    assert len(described) > 10 and len(mounted) > 5
    return {re.sub(r"\{[^}]*\}", "x", path) for path in described | mounted | {"/assets/x"}}


@pytest.mark.parametrize("role", ROLES)
def test_pages_and_api_can_be_reached_and_nothing_else(role):
    objects = render(role, "ci/entry-values.yaml")
    outside = {path for path in paths(role) if not path.startswith("/v1/")} - INSIDE
    for matches in (of_route(one(objects, "HTTPRoute")), of_ingress(one(objects, "Ingress"), f"{role}.example.com")):
        assert {path for path in outside if not allowed(matches, path)} == set()
        assert {path for path in INSIDE | {"/v1/documents"} if allowed(matches, path)} == set()


def test_providers_elsewhere_reach_the_client_role_by_a_name_of_its_own():
    values = {"route.apiHostnames": ["api.{{ .Values.role }}.example.org"], "ingress.apiHostnames": ["api.example.com"]}
    objects = render("client", "ci/entry-values.yaml", values=values)
    route = one(objects, "HTTPRoute", "-api")
    assert route["spec"]["hostnames"] == ["api.client.example.org"]
    for matches in (of_route(route), of_ingress(one(objects, "Ingress"), "api.example.com")):
        assert all(allowed(matches, path) for path in paths("client") if path.startswith("/v1/"))
        assert not any(allowed(matches, path) for path in INSIDE | {"/", "/api/public/access", "/api/v1/documents"})


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_published_unless_it_is_said(role):
    assert not {"HTTPRoute", "Ingress"} & set(kinds(render(role)))
    assert one(render(role), "Service")["spec"]["type"] == "ClusterIP"


@pytest.mark.parametrize("role, name", (("provider", "provider.on-track.ch"), ("client", "client.on-track.ch")))
def test_production_and_staging_answer_their_names(role, name):
    def route(*files):
        return [o["spec"] for o in render(role, f"values-{role}.yaml", *files) if o["kind"] == "HTTPRoute"]
    assert route()[-1]["hostnames"] == [name] and route()[0]["parentRefs"] == [{"name": "oc-gateway", "namespace": "oc-gateway"}]
    assert [r["hostnames"] for r in route("values-staging.yaml")] == [[f"staging.{name}"]]
    if role == "client":
        assert route()[0]["hostnames"] == ["api.client.on-track.ch"]
    backend = route()[-1]["rules"][0]["backendRefs"]
    assert backend == [{"name": f"oc-{role}-backend", "port": 80}]


def test_the_provider_role_is_https_only_because_the_gateway_says_so():
    def filters(role, **values):
        return one(render(role, "ci/entry-values.yaml", values=values), "HTTPRoute")["spec"]["rules"][0].get("filters")
    [header] = filters("provider")[0]["responseHeaderModifier"]["set"]
    assert header["name"] == "Strict-Transport-Security"
    assert not filters("client") and not filters("provider", **{"route.strictTransportSecurity": False})


def test_an_ingress_has_its_certificate_made():
    ingress = one(render("client", "ci/entry-values.yaml"), "Ingress")
    assert ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert ingress["spec"]["tls"] == [{"hosts": ["client.example.com", "www.example.com"], "secretName": "oc-client-backend-tls"}]
