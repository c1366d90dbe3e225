"""What pods may do, what they are told, and how they end."""

import pytest

from conftest import CASES, ROLES, containers, kinds, one, pods, refusal, render
from describe import SECRET_VARIABLES, secret_settings, settings

# Kinds of volumes that Pod Security `restricted` allows.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
# libpq reads these, and the commands of the program that call a role.
OTHERS = {"PGSSLMODE", "PGSSLROOTCERT", "OC_PROVIDER_URL", "OC_CLIENT_URL", "OC_TENANT", "OC_TOKEN", "SSL_CERT_FILE"}


def breaches(spec):
    """What Pod Security `restricted` forbids in a pod, or what this chart promises beyond it."""
    base = spec.get("securityContext", {})
    yield from (f"{key} is set" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key))
    if spec.get("automountServiceAccountToken") is not False or spec.get("enableServiceLinks") is not False:
        yield "it is given a token or the addresses of all Services"
    if base.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "any system call is allowed"
    yield from (f"volume {v['name']}" for v in spec.get("volumes", []) if not VOLUMES & v.keys())
    for container in containers(spec):
        own = container.get("securityContext", {})
        user = own.get("runAsUser", base.get("runAsUser"))
        good = (own.get("allowPrivilegeEscalation") is False, own.get("readOnlyRootFilesystem") is True,
                own.get("runAsNonRoot", base.get("runAsNonRoot")) is True, user == 65532,
                own.get("capabilities") == {"drop": ["ALL"]}, not own.get("privileged"))
        if not all(good):
            yield f"container {container['name']}: {good}"
        if not container["resources"].get("limits", {}).get("memory") or not container["resources"].get("requests"):
            yield f"container {container['name']} takes whatever there is"
        if any(port.get("hostPort") for port in container.get("ports", [])):
            yield f"container {container['name']} takes a port of the machine"


def every(upgrade=False):
    for name, (role, files, strings) in CASES.items():
        for pod, metadata, spec in pods(render(role, *files, strings=strings, upgrade=upgrade)):
            yield f"{name}: {pod}", metadata, spec


@pytest.mark.parametrize("upgrade", (False, True))
def test_every_pod_is_restricted(upgrade):
    found = list(every(upgrade))
    assert {containers(spec)[0]["args"][0] for _, _, spec in found} == {"migrate", "serve", "healthcheck", "check"}
    assert not [f"{name}: {breach}" for name, _, spec in found for breach in breaches(spec)]


def test_a_pod_that_is_not_restricted_is_found():
    spec = one(render("client"), "Deployment")["spec"]["template"]["spec"]
    for change in ({"hostNetwork": True}, {"securityContext": {}}, {"automountServiceAccountToken": True},
                   {"volumes": [{"name": "x", "hostPath": {"path": "/"}}]},
                   {"initContainers": [{**containers(spec)[0], "securityContext": {}}]}):
        assert list(breaches(spec | change)), change


def test_server_side_apply_finds_no_name_twice():
    for name, _, spec in every():
        lists = [[v["name"] for v in spec.get("volumes", [])], [c["name"] for c in containers(spec)]]
        for container in containers(spec):
            lists += [[v["name"] for v in container.get("env", [])],
                      [p["containerPort"] for p in container.get("ports", [])],
                      [m["mountPath"] for m in container.get("volumeMounts", [])]]
        assert all(len(found) == len(set(found)) for found in lists), f"{name}: {lists}"
    for wrong in ({"extraEnv": [{"name": "AUTH", "value": "jwt"}]}, {"extraEnv": [{"name": "DATABASE_URL"}]},
                  {"extraEnv": [{"name": "A"}, {"name": "A"}]}, {"extraEnv": [{"name": "SERVICE_TOKEN_SECRET"}]}):
        assert "is set by the chart" in refusal("client", wrong)
    assert "two volumes" in refusal("client", {"extraVolumes": [{"name": "a"}, {"name": "a"}]})
    assert "the role itself listens on 3000" in refusal("client", {"metrics.port": 3000})


def test_every_variable_is_a_setting_of_the_program_and_no_secret_is_readable():
    known = settings() | OTHERS | {"RUST_LOG"}
    for role, files, strings in CASES.values():
        objects = render(role, *files, strings=strings)
        own = one(objects, "ConfigMap", one(objects, "Deployment")["metadata"]["name"])["data"]
        assert own.keys() <= known and not own.keys() & (secret_settings() | {"DATABASE_URL"})
        for _, _, spec in pods(objects):
            for variable in (v for c in containers(spec) for v in c.get("env", [])):
                assert variable["name"] in known
                secret = variable["name"] in secret_settings() | {"DATABASE_URL", "OC_TOKEN"}
                assert secret == ("secretKeyRef" in variable.get("valueFrom", {})), variable
        open_text = str([o for o in objects if o["kind"] != "Secret"])
        assert not [text for _, text in strings if text and text in open_text]
    assert SECRET_VARIABLES <= known


def test_numbers_reach_the_program_as_they_were_written():
    data = one(render("client", "ci/observed-values.yaml"), "ConfigMap", "client-backend")["data"]
    assert data["RECEIPT_RETENTION_SECONDS"] == "34560000" and data["OTEL_TRACES_SAMPLER_ARG"] == "0.05"
    data = one(render("client", values={"settings.AUDIT_READS": False, "settings.MAX_BODY_BYTES": 67108864,
                                        "settings.HOST": None}), "ConfigMap")["data"]
    assert (data["AUDIT_READS"], data["MAX_BODY_BYTES"]) == ("false", "67108864") and "HOST" not in data


def test_a_migration_is_given_no_key():
    for _, _, spec in every():
        for container in (c for c in containers(spec) if c["args"][0] == "migrate"):
            assert {v["name"] for v in container["env"]} <= {"DATABASE_URL", "PGSSLMODE", "PGSSLROOTCERT"}
            assert "envFrom" not in container and container["args"][3] == "--wait"


@pytest.mark.parametrize("role", ROLES)
def test_nothing_says_how_many_pods_there_are_where_an_autoscaler_does(role):
    objects = render(role, "ci/autoscaling-values.yaml")
    assert "replicas" not in one(objects, "Deployment")["spec"]
    scaler = one(objects, "HorizontalPodAutoscaler")["spec"]
    assert scaler["scaleTargetRef"]["name"] == one(objects, "Deployment")["metadata"]["name"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 6)
    assert one(render(role), "Deployment")["spec"]["replicas"] == 2
    assert "maxReplicas" in refusal(role, {"autoscaling.enabled": True, "autoscaling.minReplicas": 9})


def test_no_budget_keeps_a_machine_from_being_drained(case):
    role, objects = case
    scaler = [o for o in objects if o["kind"] == "HorizontalPodAutoscaler"]
    fewest = scaler[0]["spec"]["minReplicas"] if scaler else one(objects, "Deployment")["spec"]["replicas"]
    assert ("PodDisruptionBudget" in kinds(objects)) == (fewest > 1)
    for budget in (o["spec"] for o in objects if o["kind"] == "PodDisruptionBudget"):
        assert budget["maxUnavailable"] == 1 and "minAvailable" not in budget
        assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    for cluster in (o["spec"] for o in objects if o["kind"] == "Cluster"):
        assert cluster["enablePDB"] == (cluster["instances"] > 1)


def test_a_pod_has_time_to_end():
    def grace(**given):
        return one(render("client", values=given), "Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    drain, timeout = "settings.SHUTDOWN_DRAIN_MS", "settings.SHUTDOWN_TIMEOUT_SECONDS"
    assert grace() == 45 and grace(**{drain: 0}) == 35 and grace(**{drain: "1500", timeout: 60}) == 77
    assert grace(terminationGracePeriodSeconds=36) == 36
    for given in ({"terminationGracePeriodSeconds": 35}, {"terminationGracePeriodSeconds": 60, drain: 35000}):
        assert "terminationGracePeriodSeconds" in refusal("client", given) and "too short" in refusal("client", given)


def test_a_rollout_takes_no_pod_away_before_another_one_is_ready(case):
    role, objects = case
    spec = one(objects, "Deployment")["spec"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0 < spec["strategy"]["rollingUpdate"]["maxSurge"]
    container = spec["template"]["spec"]["containers"][0]
    assert [container[p]["httpGet"]["path"] for p in ("startupProbe", "livenessProbe", "readinessProbe")] == [
        "/livez", "/livez", "/readyz"]
    own = one(objects, "ConfigMap", one(objects, "Deployment")["metadata"]["name"])["data"]
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    assert ports["http"] == own["PORT"] and ports.get("metrics") == own.get("METRICS_PORT")
    assert container["readinessProbe"]["httpGet"]["scheme"] == ("HTTPS" if "TLS_CERT_FILE" in own else "HTTP")
    longest = spec["progressDeadlineSeconds"]
    waits = [int(c["args"][4]) for c in spec["template"]["spec"].get("initContainers", [])]
    assert all(wait < longest for wait in waits)


def test_other_settings_make_other_pods():
    def annotations(**given):
        return one(render("client", values=given), "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations() == annotations() != annotations(**{"settings.ACCESS_CODE_DAYS": 7})
