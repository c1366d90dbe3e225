"""What the files of infra/ have to agree on."""

import re

import pytest
import yaml

from rehearsal import ROOT

INFRA = ROOT / "infra"


def load_all(path):
    return [document for document in yaml.safe_load_all((INFRA / path).read_text()) if document]


def namespaces(name):
    return {found["metadata"]["name"]: found["metadata"]["labels"] for found in load_all(f"namespaces/{name}.yaml")}


def variables(path):
    lines = (INFRA / path).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("name", ["shared", "local", "staging", "production"])
def test_every_namespace_enforces_the_restricted_rules(name):
    for labels in namespaces(name).values():
        for mode in ("enforce", "warn", "audit"):
            assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels["app.kubernetes.io/part-of"] == "oc"


@pytest.mark.parametrize("environment", ["local", "staging", "production"])
def test_the_gateway_takes_routes_from_the_namespaces_of_its_environment_and_no_others(environment):
    named = variables(f"environments/{environment}.env")
    made = namespaces(environment)
    assert set(made) == {named["PROVIDER_NAMESPACE"], named["CLIENT_NAMESPACE"]}
    for role in ("provider", "client"):
        labels = made[named[f"{role.upper()}_NAMESPACE"]]
        assert labels["oc.on-track.ch/role"] == role
        assert labels["oc.on-track.ch/gateway-access"] == environment
    values = yaml.safe_load((ROOT / f"charts/oc-gateway/values-{environment}.yaml").read_text())
    taken = values.get("routesFrom") or yaml.safe_load((ROOT / "charts/oc-gateway/values.yaml").read_text())["routesFrom"]
    assert taken["matchLabels"] == {"oc.on-track.ch/gateway-access": environment}
    assert values["fullnameOverride"] == named["GATEWAY_RELEASE"]


def test_production_and_staging_can_share_a_cluster():
    assert not namespaces("production").keys() & namespaces("staging").keys()


def test_every_version_is_exact_and_known_to_renovate():
    lines = (INFRA / "versions.env").read_text().splitlines()
    pairs = [(comment, line) for comment, line in zip(lines, lines[1:]) if "_VERSION=" in line]
    assert len(pairs) >= 10
    for comment, line in pairs:
        assert re.fullmatch(r"[A-Z_]+_VERSION=v?\d+\.\d+\.\d+", line), line
        assert re.match(r"# renovate: datasource=(docker|helm) ", comment), line
    script = (INFRA / "apply.sh").read_text()
    for name in variables("versions.env"):
        assert f"${name}" in script or f"${{{name}}}" in script, f"{name} is not used"


@pytest.mark.parametrize("role, needed", [
    ("provider", {"FIELD_ENCRYPTION_KEY", "SERVICE_TOKEN_SECRET", "JWT_SECRET"}),
    ("client", {"FIELD_ENCRYPTION_KEY", "SERVICE_TOKEN_SECRET", "ACCESS_CODE_KEY", "RECEIPT_SIGNING_KEY"}),
])
def test_every_secret_setting_that_a_role_is_given_is_one_of_the_program_and_is_fetched(role, needed):
    (secret,) = load_all(f"external-secrets/{role}.yaml")
    assert secret["apiVersion"] == "external-secrets.io/v1"
    assert secret["spec"]["target"]["name"] == f"oc-{role}-backend"
    fetched = {entry["secretKey"] for entry in secret["spec"]["data"]}
    example = (ROOT / ".env.example").read_text()
    assert fetched == needed and all(f"# {name}=" in example for name in fetched)
    values = yaml.safe_load((INFRA / f"values/oc/{role}.yaml").read_text())
    assert set(values["secrets"]["settings"]) <= fetched
    local = (INFRA / "local-secrets.sh").read_text()
    assert all(f"{name}=" in local for name in fetched)


def test_a_namespace_reads_the_store_with_its_own_identity():
    account, store = load_all("external-secrets/store.yaml")
    vault = store["spec"]["provider"]["vault"]
    assert vault["server"].startswith("https://") and vault["path"] == "MOUNT"
    assert vault["auth"]["kubernetes"]["role"] == "oc-NAMESPACE"
    assert vault["auth"]["kubernetes"]["serviceAccountRef"]["name"] == account["metadata"]["name"]


def test_terraform_lays_out_the_secrets_that_the_cluster_fetches():
    text = (INFRA / "terraform/modules/secrets/main.tf").read_text()
    laid_out = {
        name: set(re.findall(r'"(\w+)"', keys)) for name, keys in re.findall(r"(\S+) += \{ mount = .*?keys = \[(.*?)\]", text)
    }
    fetched = {}
    for path in ("provider", "client", "backups", "monitoring"):
        for secret in load_all(f"external-secrets/{path}.yaml"):
            for entry in secret["spec"]["data"]:
                fetched.setdefault(entry["remoteRef"]["key"], set()).add(entry["remoteRef"]["property"])
                assert entry["remoteRef"]["property"] == entry["secretKey"]
    assert fetched == laid_out


COMPONENT = re.compile(r'^([a-z][a-z0-9_.]*) "(\w+)" \{', re.MULTILINE)
REFERENCE = re.compile(r"\b((?:discovery|loki|otelcol)\.[a-z0-9_.]+)\.(\w+)\.(targets|output|receiver|input)\b")


def test_every_part_of_the_collector_leads_to_one_that_is_there():
    text = (INFRA / "observability/config.alloy").read_text()
    assert text.count("{") == text.count("}") and text.count("[") == text.count("]")
    there = set(COMPONENT.findall(text))
    used = {(kind, name) for kind, name, _ in REFERENCE.findall(text)}
    assert used <= there, f"not there: {used - there}"
    sources = {("loki.source.kubernetes", "pods"), ("otelcol.receiver.otlp", "roles")}
    assert there - used == sources, f"nothing leads to {there - used - sources}"


def test_what_grows_without_end_is_no_label_of_the_index():
    text = (INFRA / "observability/config.alloy").read_text()
    labels = re.search(r"stage\.labels \{\s*values = \{(.*?)\}", text).group(1)
    assert re.findall(r"(\w+) *=", labels) == ["level"]
    indexed = set(re.findall(r'target_label\s*= "(\w+)"', text)) - {"pod"}
    assert indexed == {"namespace", "app", "role", "container"}
    assert '"pod", "instance", "job"' in text


def test_logs_lead_to_traces_and_traces_to_logs():
    (config,) = load_all("observability/datasources.yaml")
    sources = {source["uid"]: source for source in yaml.safe_load(config["data"]["oc.yaml"])["datasources"]}
    (field,) = sources["loki"]["jsonData"]["derivedFields"]
    assert (field["matcherRegex"], field["datasourceUid"]) == ("trace_id", "tempo")
    back = sources["tempo"]["jsonData"]["tracesToLogsV2"]
    assert back["datasourceUid"] == "loki" and 'trace_id = "$${__trace.traceId}"' in back["query"]
    alloy = (INFRA / "observability/config.alloy").read_text()
    for source, port in (("loki", "3100"), ("tempo", "4317")):
        assert f"{source}:{port}" in alloy and sources[source]["url"].startswith(f"http://{source}:")


def test_logs_and_traces_end():
    loki = yaml.safe_load((INFRA / "values/loki.yaml").read_text())["loki"]
    assert loki["compactor"]["retention_enabled"] and loki["limits_config"]["retention_period"] == "720h"
    assert yaml.safe_load((INFRA / "values/tempo.yaml").read_text())["tempo"]["retention"] == "168h"


def test_somebody_is_called_for_what_pages_and_nobody_for_staging():
    config = yaml.safe_load((INFRA / "observability/alertmanager.yaml").read_text())
    told = {receiver["name"] for receiver in config["receivers"]}
    routes = config["route"]["routes"]
    assert {route["receiver"] for route in routes} | {config["route"]["receiver"]} <= told
    named = [route["receiver"] for route in routes]
    assert named.index("tickets") < named.index("duty"), "staging has to be sorted out first"
    files = re.findall(r"alertmanager-receivers/(\w+)", (INFRA / "observability/alertmanager.yaml").read_text())
    (secret,) = [found for found in load_all("external-secrets/monitoring.yaml") if found["metadata"]["name"] == "alertmanager-receivers"]
    assert set(files) == {entry["secretKey"] for entry in secret["spec"]["data"]}
    stack = yaml.safe_load((INFRA / "values/kube-prometheus-stack.yaml").read_text())
    assert stack["alertmanager"]["alertmanagerSpec"]["secrets"] == ["alertmanager-receivers"]
