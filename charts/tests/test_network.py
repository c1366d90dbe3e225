"""Who reaches whom."""

import pytest

from conftest import CASES, ROLES, one, refusal, render

PORT = {"provider": 3001, "client": 3000}


def rules(policy, direction, port):
    """The peers of the rules that concern a port."""
    side = "from" if direction == "ingress" else "to"
    return [rule.get(side) for rule in policy["spec"].get(direction, []) if port in [p["port"] for p in rule["ports"]]]


def namespaces(peers):
    return [p["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for p in peers if "namespaceSelector" in p]


def open_ports(policy):
    """Ports at which any address may be reached."""
    return {p["port"] for rule in policy["spec"]["egress"] if not rule.get("to") for p in rule["ports"]}


def policy_of(objects):
    return one(objects, "NetworkPolicy", one(objects, "Deployment")["metadata"]["name"])


def test_no_rule_lets_in_everybody(case):
    _, objects = case
    for policy in (o for o in objects if o["kind"] == "NetworkPolicy"):
        assert "Ingress" in policy["spec"]["policyTypes"]
        assert all(rule["from"] and rule["ports"] for rule in policy["spec"].get("ingress", [])), policy


def test_every_pod_of_the_release_has_a_policy():
    for role, files, strings in CASES.values():
        objects = render(role, *files, strings=strings)
        selectors = [o["spec"]["podSelector"]["matchLabels"] for o in objects if o["kind"] == "NetworkPolicy"]
        if not selectors:
            assert files == ("values-local.yaml",)
            continue
        for o in objects:
            labels = (o["metadata"] if o["kind"] == "Pod" else o.get("spec", {}).get("template", {}).get("metadata", {})).get("labels")
            chosen = [s for s in selectors if labels and s.items() <= labels.items()]
            assert not labels or len(chosen) == 1, o["metadata"]["name"]


def test_the_client_role_is_reached_by_gateway_provider_and_prometheus_alone():
    policy = policy_of(render("client", values={"tests.enabled": False}))
    assert [namespaces(peers) for peers in rules(policy, "ingress", 3000)] == [["oc-gateway", "oc-provider"]]
    provider = policy["spec"]["ingress"][0]["from"][1]
    assert provider["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "oc"}
    assert [namespaces(peers) for peers in rules(policy, "ingress", 9090)] == [["oc-monitoring"]]
    assert len(policy["spec"]["ingress"]) == 2


def test_the_provider_role_is_reached_by_gateway_and_prometheus_alone():
    policy = policy_of(render("provider", values={"tests.enabled": False}))
    assert [namespaces(peers) for peers in rules(policy, "ingress", 3001)] == [["oc-gateway"]]
    assert len(policy["spec"]["ingress"]) == 2
    nobody = policy_of(render("provider", "ci/single-values.yaml"))
    assert not nobody["spec"]["ingress"]


def test_the_provider_role_reaches_the_client_role_where_its_address_says():
    def policy(url):
        return policy_of(render("provider", values={"settings.CLIENT_BASE_URL": url, "settings.JWT_JWKS_URL": None,
                                                    "secrets.settings": ["JWT_SECRET"]}))
    inside = policy("http://oc-client-backend.oc-other.svc/api/")
    [[peer]] = rules(inside, "egress", 3000)
    assert namespaces([peer]) == ["oc-other"]
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "oc", "app.kubernetes.io/component": "client"}
    assert open_ports(inside) == {5432}
    assert open_ports(policy("https://api.client.example.org:8443/v1/")) == {5432, 8443}
    assert open_ports(policy("https://api.client.example.org/")) == {5432, 443}


@pytest.mark.parametrize("role", ROLES)
def test_only_what_is_configured_may_be_reached(role):
    def ports(**given):
        return open_ports(policy_of(render(role, values={"settings.JWT_JWKS_URL": None, "secrets.settings": ["JWT_SECRET"],
                                                         "settings.JWT_ISSUER": "i", "settings.JWT_AUDIENCE": "a", **given})))
    least = ports()
    assert least == {5432}
    redis = ports(**{"secrets.settings": ["JWT_SECRET", "REDIS_URL"]})
    assert redis == least | {6379}
    assert ports(**{"settings.JWT_JWKS_URL": "https://id.example.org:8443/jwks"}) == least | {8443}
    mail = ports(**{"secrets.settings": ["JWT_SECRET", "SMTP_URL"], "settings.MAIL_FROM": "a@example.org"})
    sms = ports(**{"secrets.settings": ["JWT_SECRET", "SMS_GATEWAY_TOKEN"], "settings.SMS_GATEWAY_URL": "https://sms.example.org/"})
    assert (mail, sms) == ((least | {465, 587}, least | {443}) if role == "client" else (least, least))


def test_webhooks_reach_public_addresses_alone_and_only_when_allowed():
    assert not [peers for peers in rules(policy_of(render("provider")), "egress", 443) if peers]
    [public] = [peers for peers in rules(policy_of(render("provider", values={"networkPolicy.webhooks": True})), "egress", 443) if peers]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(public[0]["ipBlock"]["except"])


def test_traces_go_to_the_namespace_of_monitoring():
    policy = policy_of(render("client", "ci/observed-values.yaml"))
    assert [namespaces(peers) for peers in rules(policy, "egress", 4318)] == [["oc-monitoring"]]


@pytest.mark.parametrize("role", ROLES)
def test_the_database_of_the_release_is_reached_by_the_release_alone(role):
    objects = render(role, "ci/cnpg-values.yaml", values={"migrations.mode": "job"})
    cluster = one(objects, "Cluster")["metadata"]["name"]
    assert rules(policy_of(objects), "egress", 5432) == [[{"podSelector": {"matchLabels": {"cnpg.io/cluster": cluster}}}]]
    policy = one(objects, "NetworkPolicy", cluster)
    clients, servers = rules(policy, "ingress", 5432)
    assert clients == [{"podSelector": {
        "matchLabels": {"app.kubernetes.io/name": "oc", "app.kubernetes.io/instance": "oc"},
        "matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "In", "values": [role, "migration"]}]}}]
    assert servers[0]["podSelector"]["matchLabels"] == {"cnpg.io/cluster": cluster} and namespaces(servers) == ["cnpg-system"]
    assert [namespaces(peers) for peers in rules(policy, "ingress", 9187)] == [["oc-monitoring"]]


def test_the_tests_reach_both_roles():
    objects = render("provider", "values-provider.yaml")
    policy = one(objects, "NetworkPolicy", "-test")
    [[own]], [[other]] = rules(policy, "egress", 3001), rules(policy, "egress", 3000)
    assert own["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "provider" and namespaces([other]) == ["oc-client"]
    pod = one(objects, "Pod", "-test-delivery")["metadata"]["labels"]
    [peers] = rules(policy_of(objects), "ingress", 3001)
    assert peers[-1]["podSelector"]["matchLabels"].items() <= pod.items()
    # The Service must never send requests to a test or to a migration.
    assert not one(objects, "Service")["spec"]["selector"].items() <= pod.items()


def test_names_are_always_answered():
    assert "minItems" in refusal("client", {"networkPolicy.dns": []})
