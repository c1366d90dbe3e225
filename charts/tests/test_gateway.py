"""What charts/oc-gateway renders. Each test is a promise of its README."""

import copy
import functools
import json

import pytest
import yaml

from conftest import LOADER, ROOT, helm
from manifests import problems

CHART = ROOT / "charts" / "oc-gateway"
DOCUMENTED_AS_ONE = ("networkPolicy.controllerLabels", "envoy.resources")


@functools.cache
def render(values, *settings):
    """The objects that a file of values, and settings on top of it, make."""
    arguments = [f"--set-json={setting}" for setting in settings]
    code, out, err = helm("template", "oc-gateway", str(CHART), "--namespace=oc-gateway", f"--values={CHART / values}", *arguments)
    assert code == 0, err
    return [document for document in yaml.load_all(out, LOADER) if document]


def of_kind(objects, kind):
    return [found for found in objects if found["kind"] == kind]


def value_files():
    return sorted(str(file.relative_to(CHART)) for file in [*CHART.glob("ci/*-values.yaml"), *CHART.glob("values-*.yaml")])


def leaves(values, path=""):
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict) and value and here not in ("hosts", "routesFrom.matchLabels"):
            yield from leaves(value, here)
        else:
            yield here


def gateway(objects):
    (found,) = of_kind(objects, "Gateway")
    return found


@pytest.mark.parametrize("values", value_files())
def test_lint_accepts_it(values):
    code, out, err = helm("lint", "--strict", str(CHART), f"--values={CHART / values}")
    assert code == 0, out + err


@pytest.mark.parametrize("values", value_files())
@pytest.mark.parametrize("version", ["1.31.0", "1.37.0"])
def test_every_object_is_of_a_known_kind_and_has_only_fields_that_exist(values, version):
    assert not [problem for document in render(values) for problem in problems(document, version)]


def test_a_field_that_does_not_exist_is_seen():
    broken = copy.deepcopy(gateway(render("values-production.yaml")))
    broken["spec"]["listeners"][0]["hostnames"] = ["x"]
    assert any("hostnames" in problem for problem in problems(broken, "1.37.0"))
    broken = copy.deepcopy(of_kind(render("values-production.yaml"), "EnvoyProxy")[0])
    broken["spec"]["provider"]["kubernetes"]["envoyService"]["kind"] = "LoadBalancer"
    assert any("kind" in problem for problem in problems(broken, "1.37.0"))


@pytest.mark.parametrize("values", value_files())
def test_every_host_is_served_over_https_with_a_certificate_of_its_own(values):
    objects = render(values)
    listeners = {listener["name"]: listener for listener in gateway(objects)["spec"]["listeners"]}
    assert listeners.pop("http")["protocol"] == "HTTP"
    assert {"provider", "client"} <= listeners.keys()
    for name, listener in listeners.items():
        assert listener["protocol"] == "HTTPS" and listener["hostname"], name
        assert listener["tls"]["mode"] == "Terminate"
    secrets = [ref["name"] for listener in listeners.values() for ref in listener["tls"]["certificateRefs"]]
    assert len(secrets) == len(set(secrets)) == len(listeners)


def test_production_has_the_host_names_of_the_contract():
    listeners = gateway(render("values-production.yaml"))["spec"]["listeners"]
    assert {listener.get("hostname") for listener in listeners} == {
        None, "provider.on-track.ch", "client.on-track.ch", "api.client.on-track.ch",
    }


@pytest.mark.parametrize("values", value_files())
def test_the_issuer_that_the_gateway_names_is_made_unless_it_is_there(values):
    objects = render(values)
    named = gateway(objects)["metadata"]["annotations"]["cert-manager.io/cluster-issuer"]
    made = {issuer["metadata"]["name"] for issuer in of_kind(objects, "ClusterIssuer")}
    assert named in made or (named == "company-issuer" and not made)


@pytest.mark.parametrize("values", value_files())
def test_http_only_leads_to_https_and_takes_no_route_of_others(values):
    objects = render(values)
    http = gateway(objects)["spec"]["listeners"][0]
    assert http["allowedRoutes"]["namespaces"] == {"from": "Same"}
    (route,) = of_kind(objects, "HTTPRoute")
    (parent,) = route["spec"]["parentRefs"]
    assert (parent["name"], parent["sectionName"]) == (gateway(objects)["metadata"]["name"], "http")
    (rule,) = route["spec"]["rules"]
    assert "backendRefs" not in rule
    redirect = rule["filters"][0]["requestRedirect"]
    https = gateway(objects)["spec"]["listeners"][1]["port"]
    assert (redirect["scheme"], redirect["port"], redirect["statusCode"]) == ("https", https, 301)
    assert set(route["spec"]["hostnames"]) == {
        listener["hostname"] for listener in gateway(objects)["spec"]["listeners"][1:]
    }


@pytest.mark.parametrize("values", value_files())
def test_a_host_takes_routes_only_from_the_namespaces_of_its_role_and_environment(values):
    for listener in gateway(render(values))["spec"]["listeners"][1:]:
        allowed = listener["allowedRoutes"]["namespaces"]
        assert allowed["from"] == "Selector"
        labels = allowed["selector"]["matchLabels"]
        assert labels["oc.on-track.ch/role"] == listener["name"].split("-")[0]
        assert labels["oc.on-track.ch/gateway-access"] in ("production", "staging", "local")


def test_production_and_staging_share_no_name_in_one_cluster():
    def names(values):
        return {(document["kind"], document["metadata"]["name"]) for document in render(values)}

    assert not names("values-production.yaml") & names("values-staging.yaml")


def test_a_host_that_is_null_has_no_listener_and_no_redirect():
    objects = render("values-staging.yaml")
    assert [listener["name"] for listener in gateway(objects)["spec"]["listeners"]] == ["http", "client", "provider"]
    (route,) = of_kind(objects, "HTTPRoute")
    assert route["spec"]["hostnames"] == ["staging.client.on-track.ch", "staging.provider.on-track.ch"]


@pytest.mark.parametrize("values", value_files())
def test_the_network_policy_lets_the_world_reach_only_the_two_ports(values):
    (policy,) = of_kind(render(values), "NetworkPolicy")
    spec = policy["spec"]
    assert spec["podSelector"]["matchLabels"] and spec["policyTypes"] == ["Ingress", "Egress"]
    open_to_all = [rule for rule in spec["ingress"] if "from" not in rule]
    assert [len(rule["ports"]) for rule in open_to_all] == [2]
    assert all("to" in rule for rule in spec["egress"])


def test_ports_that_only_root_may_open_are_opened_ten_thousand_higher():
    def ports(values):
        (policy,) = of_kind(render(values), "NetworkPolicy")
        return [port["port"] for port in policy["spec"]["ingress"][0]["ports"]]

    assert ports("values-production.yaml") == [10080, 10443]
    assert ports("values-local.yaml") == [8080, 8443]


def test_kong_has_its_objects_only_where_it_is_switched_on():
    kinds = {document["kind"] for document in render("values-production.yaml")}
    assert not any(kind.startswith("Kong") for kind in kinds)
    objects = render("ci/kong-values.yaml")
    assert not any(document["apiVersion"].startswith("gateway.envoyproxy.io") for document in objects)
    plugins = {(plugin["metadata"]["namespace"], plugin["plugin"]) for plugin in of_kind(objects, "KongPlugin")}
    assert plugins == {
        (namespace, plugin) for namespace in ("oc-provider", "oc-client") for plugin in ("rate-limiting", "jwt")
    }
    (counting,) = of_kind(objects, "KongClusterPlugin")
    assert (counting["plugin"], counting["metadata"]["labels"]["global"]) == ("prometheus", "true")
    assert len(of_kind(objects, "KongConsumer")) == 2


def test_a_disruption_budget_never_holds_the_only_proxy():
    for replicas, expected in ((1, None), (2, {"minAvailable": 1})):
        objects = render("values-production.yaml", f"envoy.replicas={replicas}")
        (proxy,) = of_kind(objects, "EnvoyProxy")
        assert proxy["spec"]["provider"]["kubernetes"].get("envoyPDB") == expected


@pytest.mark.parametrize("setting", [
    "hosts.provider.hostnam=\"a.example.org\"", "hosts.http={\"hostname\":\"a.example.org\"}",
    "hosts.provider.hostname=\"not a name\"", "routesFrom.matchLabels=null", "issuer.kind=\"letsencryp\"",
    "issuer={\"kind\":\"existing\"}", "issuer.email=\"\"", "envoy.minTLSVersion=\"1.0\"", "gateway.httpPort=0", "bogus=1",
])
def test_values_that_make_no_sense_are_refused(setting):
    code, _, err = helm("template", "x", str(CHART), f"--values={CHART / 'ci/default-values.yaml'}", f"--set-json={setting}")
    assert code != 0 and "schema" in err, setting


def test_every_value_is_in_the_readme_and_in_the_schema():
    readme = (CHART / "README.md").read_text()
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for path in leaves(values):
        shown = next((whole for whole in DOCUMENTED_AS_ONE if path.startswith(whole)), path)
        assert f"| `{shown}` |" in readme, f"{shown} is not in the README"
        node = schema
        for part in path.split("."):
            if "properties" not in node:
                break
            assert part in node["properties"], f"{path} is not in the schema"
            node = node["properties"][part]
