#!/usr/bin/env bash
# Installs both roles into a cluster, asks whether they work, upgrades them, sees a bad
# upgrade taken back, uninstalls them and sees nothing left. Needs no operator.
#   KUBECONFIG      the cluster; without it, this is skipped
#   OC_IMAGE        the image with its tag (localhost/oc:dev)
#   IMAGE_LOAD      command that hands the cluster an image, whose name is added, such as
#                   "kind load docker-image --name oc"; unset: the cluster has it or pulls it
#   POSTGRES_IMAGE  a PostgreSQL that runs as user 999 (docker.io/library/postgres:17)
#   OC_E2E_PREFIX   what the two namespaces, which are made and removed, begin with (oc-e2e)
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${KUBECONFIG:-}" ]; then
  echo "SKIPPED !!! THE CHART WAS NOT INSTALLED ANYWHERE: set KUBECONFIG to a cluster to have it tried !!!"
  exit 0
fi

kubectl=${KUBECTL:-kubectl}
image=${OC_IMAGE:-localhost/oc:dev}
postgres=${POSTGRES_IMAGE:-docker.io/library/postgres:17}
prefix=${OC_E2E_PREFIX:-oc-e2e}
wait=${OC_E2E_WAIT:-5m}

say() { printf '\n=== %s\n' "$*"; }
fail() {
  echo "e2e: $*" >&2
  exit 1
}
key() { openssl rand -base64 32; }
namespace() { echo "$prefix-$1"; }

tell() {
  local status=$?
  if [ "$status" -ne 0 ]; then
    for role in client provider; do
      say "what there is in $(namespace "$role")"
      "$kubectl" get all,events --namespace "$(namespace "$role")" || true
      "$kubectl" logs --namespace "$(namespace "$role")" --selector app.kubernetes.io/name=oc --all-containers --tail 50 || true
    done
  fi
  "$kubectl" delete namespace "$(namespace provider)" "$(namespace client)" --ignore-not-found --wait=false >/dev/null || true
  exit "$status"
}

service=$(key)
tokens=$(key)

prepare() {
  local role=$1 space password
  space=$(namespace "$role")
  password=$(openssl rand -hex 16)
  "$kubectl" create namespace "$space"
  "$kubectl" label namespace "$space" pod-security.kubernetes.io/enforce=restricted
  printf 'password=%s\n' "$password" |
    "$kubectl" create secret generic postgres --namespace "$space" --from-env-file=/dev/stdin
  {
    printf '%s\n' "DATABASE_URL=postgres://oc:$password@postgres/oc" "SERVICE_TOKEN_SECRET=$service" \
      "FIELD_ENCRYPTION_KEY=$(key)"
    if [ "$role" = client ]; then echo "ACCESS_CODE_KEY=$(key)"; else echo "JWT_SECRET=$tokens"; fi
  } | "$kubectl" create secret generic oc-keys --namespace "$space" --from-env-file=/dev/stdin
  sed "s#POSTGRES_IMAGE#$postgres#" infra/e2e/postgres.yaml | "$kubectl" apply --namespace "$space" --filename -
  "$kubectl" rollout status deployment/postgres --namespace "$space" --timeout "$wait"
}

# release ROLE [ARGUMENT ...]: installs or upgrades, and waits.
release() {
  local role=$1 settings=()
  shift
  if [ "$role" = provider ]; then settings=(--set 'secrets.settings={JWT_SECRET}'); fi
  scripts/helm.sh upgrade --install oc charts/oc --namespace "$(namespace "$role")" \
    --values charts/oc/values-local.yaml --set-string "role=$role" \
    --set secrets.create=false --set-string secrets.existingSecret=oc-keys \
    --set-string "image.repository=${image%:*}" --set-string "image.tag=${image##*:}" \
    --set-string "settings.CLIENT_BASE_URL=http://oc-client-backend.$(namespace client).svc.cluster.local/api/" \
    "${settings[@]}" --rollback-on-failure --wait "$@"
}

runs() {
  "$kubectl" get deployment "oc-$1-backend" --namespace "$(namespace "$1")" \
    -o 'jsonpath={.spec.template.spec.containers[0].image} {.status.readyReplicas}'
}

if [ -n "${IMAGE_LOAD:-}" ]; then
  read -r -a loader <<<"$IMAGE_LOAD"
  "${loader[@]}" "$image"
fi
trap tell EXIT

for role in client provider; do
  say "$role: install into a namespace that enforces \"restricted\""
  prepare "$role"
  release "$role" --timeout "$wait"
done
for role in client provider; do
  say "$role: does it work?"
  scripts/helm.sh test oc --namespace "$(namespace "$role")" --timeout "$wait" --logs
done

say "upgrade with another setting and another number of pods"
release client --timeout "$wait" --set replicas=2 --set-string settings.RATE_ADDRESS_PER_MINUTE=299
release provider --timeout "$wait" --set-string settings.RATE_ADDRESS_PER_MINUTE=299
scripts/helm.sh test oc --namespace "$(namespace provider)" --timeout "$wait" --logs

say "an upgrade to an image that does not exist is taken back"
before=$(runs provider)
if release provider --set-string image.tag=there-is-no-such-image --timeout 20s; then
  fail "an upgrade to an image that does not exist succeeded"
fi
"$kubectl" rollout status deployment/oc-provider-backend --namespace "$(namespace provider)" --timeout "$wait"
after=$(runs provider)
[ "$before" = "$after" ] || fail "after the bad upgrade runs \"$after\", before it \"$before\""
scripts/helm.sh test oc --namespace "$(namespace provider)" --timeout "$wait"

for role in provider client; do
  say "$role: uninstall, and nothing stays"
  scripts/helm.sh uninstall oc --namespace "$(namespace "$role")" --wait --cascade foreground --timeout "$wait"
  left=$("$kubectl" get all,configmaps,secrets,serviceaccounts,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers \
    --namespace "$(namespace "$role")" --selector app.kubernetes.io/name=oc --output name)
  [ -z "$left" ] || fail "left in $(namespace "$role"): $left"
done

say "everything as promised"
