"""The scripts that touch a cluster, rehearsed: what they ask for, in which order, and when they give up."""

import pathlib

import pytest
import yaml

from rehearsal import ROOT, order, rehearse

STEPS = ["namespaces", "definitions", "secrets", "monitoring", "certificates", "databases", "gateway", "roles"]
# The chart that a line of helm installs, in the order that things need each other.
PRODUCTION = [
    "namespaces/production.yaml", "template gateway-crds", "install prometheus-operator-crds", "install external-secrets",
    "external-secrets/provider.yaml", "external-secrets/client.yaml", "external-secrets/monitoring.yaml",
    "install kube-prometheus-stack", "install loki", "install tempo", "install alloy", "install cert-manager",
    "install cloudnative-pg", "install plugin-barman-cloud", "install envoy-gateway", "install oc-gateway",
    "install oc charts/oc --namespace oc-client", "install oc charts/oc --namespace oc-provider",
]


def test_an_environment_is_made_in_the_order_in_which_things_need_each_other(tmp_path):
    code, calls, output = rehearse(tmp_path, "infra/apply.sh", "production", OC_IMAGE="registry.example.org/oc")
    assert code == 0, output
    assert order(calls, *PRODUCTION) == PRODUCTION
    assert [line.split(": ")[1] for line in output.splitlines() if line.startswith("===")] == STEPS


def test_everything_is_installed_in_a_version_and_taken_back_if_it_fails(tmp_path):
    _, calls, _ = rehearse(tmp_path, "infra/apply.sh", "production", OC_IMAGE="registry.example.org/oc")
    installs = [call for call in calls if "upgrade --install" in call]
    assert len(installs) == 13
    for call in installs:
        assert "--rollback-on-failure --wait" in call and "--namespace" in call, call
        assert "--version" in call or " charts/oc" in call, call


def test_a_step_may_be_done_alone_and_a_wrong_one_does_nothing(tmp_path):
    code, calls, _ = rehearse(tmp_path, "infra/apply.sh", "staging", "certificates")
    assert code == 0 and [call.split()[3] for call in calls] == ["cert-manager"]
    for arguments in (["staging", "certificates", "certificats"], ["stagin"], []):
        code, calls, output = rehearse(tmp_path, "infra/apply.sh", *arguments)
        assert code == 2 and not calls and output


def test_staging_goes_into_namespaces_of_its_own_behind_a_gateway_of_its_own(tmp_path):
    _, calls, _ = rehearse(tmp_path, "infra/apply.sh", "staging", OC_IMAGE="registry.example.org/oc")
    assert any("namespaces/staging.yaml" in call for call in calls)
    assert any("install oc-gateway-staging charts/oc-gateway" in call and "values-staging" in call for call in calls)
    assert not any("--namespace oc-provider" in call or "--namespace oc-client" in call for call in calls)


def test_a_local_cluster_needs_no_store_and_keeps_the_keys_that_it_has(tmp_path):
    nothing_there = 'behave() { case "$*" in *"get secret"*) return 1 ;; esac; }'
    code, calls, output = rehearse(
        tmp_path, "infra/apply.sh", "local", OC_IMAGE="localhost/oc", behaviour=nothing_there
    )
    assert code == 0, output
    made = [call.split("create secret generic ")[1].split()[0] for call in calls if "create secret" in call]
    assert made == ["oc-service-token", "oc-service-token", "oc-provider-backend", "oc-client-backend", "grafana-admin"]
    assert not any("external-secrets" in call or "install loki" in call for call in calls if "apply" not in call)
    assert not any("KEY=" in call or "SECRET=" in call for call in calls), "a key stood on a command line"
    _, calls, _ = rehearse(tmp_path, "infra/apply.sh", "local", OC_IMAGE="localhost/oc")
    assert not any("create secret" in call for call in calls)


def test_a_role_is_deployed_with_the_values_of_its_environment_and_then_asked(tmp_path):
    code, calls, output = rehearse(
        tmp_path, "scripts/deploy.sh", "staging", "provider", OC_IMAGE="registry.example.org/oc", OC_DIGEST="sha256:abc",
    )
    assert code == 0, output
    upgrade, *rest = calls
    assert order([part for part in upgrade.split()], "values-provider", "oc/all", "oc/staging", "oc/traced") == [
        "values-provider", "oc/all", "oc/staging", "oc/traced",
    ]
    assert "image.digest=sha256:abc" in upgrade and "image.tag" not in upgrade
    assert order(rest, "oc tenant list", "oc tenant create oc-check", "helm test oc") == [
        "oc tenant list", "oc tenant create oc-check", "helm test oc",
    ]


def test_the_login_of_a_workflow_is_in_a_file_only_as_long_as_it_is_needed(tmp_path):
    watch = 'behave() { cp "$KUBECONFIG" "$REHEARSAL/seen"; echo "$KUBECONFIG" >"$REHEARSAL/path"; }'
    code, _, output = rehearse(
        tmp_path, "scripts/deploy.sh", "staging", "client", OC_IMAGE="x/oc", behaviour=watch, KUBECONFIG_CONTENT="apiVersion: v1",
    )
    assert code == 0 and "apiVersion" not in output
    assert (tmp_path / "seen").read_text() == "apiVersion: v1\n"
    assert not pathlib.Path((tmp_path / "path").read_text().strip()).exists()


def test_the_tenant_of_the_test_is_made_once(tmp_path):
    there = 'behave() { case "$*" in *"tenant list"*) echo "active 2026-11-28T00:00:00.000Z  oc-check" ;; esac; }'
    code, calls, _ = rehearse(tmp_path, "scripts/deploy.sh", "production", "provider", OC_IMAGE="x/oc", behaviour=there)
    assert code == 0 and not any("tenant create" in call for call in calls)


@pytest.mark.parametrize("arguments, environment", [
    (["production", "neither"], {"OC_IMAGE": "x/oc"}), (["nowhere", "client"], {"OC_IMAGE": "x/oc"}), (["staging", "client"], {}),
])
def test_a_deployment_that_is_not_told_what_or_where_does_nothing(tmp_path, arguments, environment):
    code, calls, output = rehearse(tmp_path, "scripts/deploy.sh", *arguments, **environment)
    assert code == 2 and not calls and output


def test_a_failed_rollout_fails_the_deployment_and_nothing_is_asked(tmp_path):
    code, calls, _ = rehearse(
        tmp_path, "scripts/deploy.sh", "production", "client", OC_IMAGE="x/oc", behaviour="behave() { return 1; }"
    )
    assert code == 1 and len(calls) == 1


def test_the_login_for_workflows_is_printed_whole_or_not_at_all(tmp_path):
    there = """
    behave() {
      case "$*" in
        *clusters*) echo https://cluster.example.org ;;
        *ca*crt*) echo Y2E= ;;
        *token*) echo dG9rZW4= ;;
      esac
    }
    """
    code, _, output = rehearse(tmp_path, "infra/deployer-kubeconfig.sh", "staging", behaviour=there)
    known = yaml.safe_load(output)
    assert code == 0 and known["users"][0]["user"]["token"] == "token"
    assert known["contexts"][0]["context"]["namespace"] == "oc-staging-provider"
    code, _, output = rehearse(tmp_path, "infra/deployer-kubeconfig.sh", "staging")
    assert code == 1 and "apiVersion" not in output


CLUSTER = """
behave() {
  case "$*" in
    *there-is-no-such-image*) return 1 ;;
    *jsonpath*) echo "registry.example.org/oc:1 1" ;;
  esac
}
"""


def test_without_a_cluster_the_trial_is_skipped_loudly(tmp_path):
    code, calls, output = rehearse(tmp_path, "scripts/e2e.sh")
    assert code == 0 and not calls
    assert output.startswith("SKIPPED !!!") and len(output.splitlines()) == 1


def test_the_trial_installs_asks_upgrades_breaks_and_uninstalls_both_roles(tmp_path):
    code, calls, output = rehearse(
        tmp_path, "scripts/e2e.sh", KUBECONFIG="/nowhere", OC_IMAGE="registry.example.org/oc:1", IMAGE_LOAD="kind load image",
        behaviour=CLUSTER, programs=("helm", "kubectl", "kind"),
    )
    assert code == 0, output
    assert calls[0] == "kind load image registry.example.org/oc:1"
    expected = [
        "enforce=restricted", "upgrade --install", "enforce=restricted", "upgrade --install", "helm test", "helm test",
        "upgrade --install", "upgrade --install", "helm test", "there-is-no-such-image", "rollout status deployment/oc-",
        "helm test", "helm uninstall", "helm uninstall",
    ]
    calls = [call.replace("upgrade --install", "upgrade") if "no-such-image" in call else call for call in calls]
    assert order(calls, *dict.fromkeys(expected)) == expected
    assert "delete namespace oc-e2e-provider oc-e2e-client" in calls[-1]
    assert not any("KEY=" in call or "postgres://" in call for call in calls)


@pytest.mark.parametrize("fault, message", [
    ("*there-is-no-such-image*) return 0 ;;", "an upgrade to an image that does not exist succeeded"),
    ("*there-is-no-such-image*) touch $REHEARSAL/bad; return 1 ;;\n"
     "*jsonpath*) if [ -e $REHEARSAL/bad ]; then echo oc:there-is-no-such-image; fi ;;", "after the bad upgrade runs"),
    ("*poddisruptionbudgets*) echo secret/oc ;;", "left in oc-e2e-provider: secret/oc"),
    ("*test*) return 1 ;;", "what there is in oc-e2e-client"),
])
def test_the_trial_sees_what_goes_wrong_and_tidies_up(tmp_path, fault, message):
    behaviour = CLUSTER.replace('case "$*" in', f'case "$*" in\n{fault}', 1)
    code, calls, output = rehearse(tmp_path, "scripts/e2e.sh", KUBECONFIG="/nowhere", behaviour=behaviour)
    assert code == 1 and message in output
    assert "delete namespace" in calls[-1]


@pytest.mark.parametrize("tool", ["kind", "k3d"])
def test_one_command_makes_a_cluster_and_another_removes_it(tmp_path, tool):
    # There is none until one has been made.
    cluster = """
    behave() {
      case "$*" in
        *"cluster create"* | *"create cluster"*) touch "$REHEARSAL/made" ;;
        *"get clusters") [ -e "$REHEARSAL/made" ] && echo rehearsal ;;
        *"cluster get"*) [ -e "$REHEARSAL/made" ] ;;
      esac
    }
    """
    told = {"OC_CLUSTER_TOOL": tool, "OC_CLUSTER_NAME": "rehearsal", "OC_IMAGE": "localhost/oc:dev", "OC_CLUSTER_FOLDER": str(tmp_path / "kube")}
    code, calls, output = rehearse(
        tmp_path, "scripts/cluster.sh", "up", behaviour=cluster, programs=("helm", "kubectl", tool), **told
    )
    assert code == 0, output
    made = {"kind": "kind create cluster", "k3d": "k3d cluster create"}[tool]
    loaded = {"kind": "kind load", "k3d": "k3d image import"}[tool]
    expected = [made, loaded, "install cert-manager", "install oc-gateway", "install oc charts/oc --namespace oc-provider"]
    assert order(calls, *expected) == expected
    assert "image.tag=dev" in calls[-1] or any("image.tag=dev" in call for call in calls)
    code, calls, _ = rehearse(
        tmp_path, "scripts/cluster.sh", "down", behaviour=cluster, programs=("helm", "kubectl", tool), **told
    )
    assert code == 0 and "delete" in calls[-1]


def test_a_cluster_that_is_brought_up_again_runs_the_image_that_was_built(tmp_path):
    built = """
    behave() {
      case "$*" in
        "docker image inspect"*) echo sha256:0123456789abcdef0123 ;;
        "kind get clusters") echo oc ;;
      esac
    }
    """
    code, calls, output = rehearse(
        tmp_path, "scripts/cluster.sh", "up", behaviour=built, programs=("helm", "kubectl", "kind", "docker", "make"),
        OC_CLUSTER_TOOL="kind", OC_CLUSTER_FOLDER=str(tmp_path / "kube"),
    )
    assert code == 0, output
    assert order(calls, "make image", "docker tag", "kind load docker-image localhost/oc:0123456789ab") == [
        "make image", "docker tag", "kind load docker-image localhost/oc:0123456789ab",
    ]
    deployed = [call for call in calls if "upgrade --install oc charts/oc " in call]
    assert len(deployed) == 2 and all("image.tag=0123456789ab" in call for call in deployed)


def test_every_script_says_how_it_is_used(tmp_path):
    for script in ("infra/apply.sh", "scripts/deploy.sh", "scripts/cluster.sh"):
        code, calls, output = rehearse(tmp_path, script, programs=("helm", "kubectl", "kind"))
        assert code == 2 and not calls and "usage" in output, script
    assert (ROOT / "scripts/e2e.sh").exists()
