#!/usr/bin/env bash
# Installs a role into an environment, or brings it up to date, and asks it whether it
# works: scripts/deploy.sh ENVIRONMENT provider|client. If it does not get ready, what
# ran before runs again. OC_IMAGE says where the image is; OC_DIGEST or OC_TAG says
# which, else it is that of the chart. Workflows hand the content of KUBECONFIG over in
# KUBECONFIG_CONTENT.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${1:-}
role=${2:-}
if [ ! -f "infra/environments/$environment.env" ] || [ ! -f "charts/oc/values-$role.yaml" ] ||
  { [ "$role" != provider ] && [ "$role" != client ]; }; then
  echo "usage: scripts/deploy.sh local|staging|production provider|client" >&2
  exit 2
fi
if [ -z "${OC_IMAGE:-}" ]; then
  echo "deploy: OC_IMAGE is missing: where the image is, such as registry.example.org/oc" >&2
  exit 2
fi
# shellcheck source=infra/environments/production.env
. "infra/environments/$environment.env"
case $role in
  provider) namespace=$PROVIDER_NAMESPACE ;;
  client) namespace=$CLIENT_NAMESPACE ;;
esac

if [ -n "${KUBECONFIG_CONTENT:-}" ]; then
  KUBECONFIG=$(mktemp)
  export KUBECONFIG
  trap 'rm -f "$KUBECONFIG"' EXIT
  printf '%s\n' "$KUBECONFIG_CONTENT" >"$KUBECONFIG"
  unset KUBECONFIG_CONTENT
fi

arguments=(--values "charts/oc/values-$role.yaml")
# From the general to the special; the last one wins.
for file in "charts/oc/values-$environment.yaml" infra/values/oc/{all,"$role","$environment","$role.$environment"}.yaml; do
  # charts/oc/values-local.yaml is for a trial without operators.
  if [ -f "$file" ] && [ "$file" != charts/oc/values-local.yaml ]; then arguments+=(--values "$file"); fi
done
if [ "$MONITORING" = yes ]; then arguments+=(--values infra/values/oc/traced.yaml); fi
arguments+=(--set-string "image.repository=$OC_IMAGE")
if [ -n "${OC_DIGEST:-}" ]; then
  arguments+=(--set-string "image.digest=$OC_DIGEST")
elif [ -n "${OC_TAG:-}" ]; then
  arguments+=(--set-string "image.tag=$OC_TAG")
fi

scripts/helm.sh upgrade --install oc charts/oc --namespace "$namespace" "${arguments[@]}" \
  --rollback-on-failure --wait --timeout 15m --history-max 10

# Tenants may be made by hand only; the test below has one of its own.
tenants() {
  "${KUBECTL:-kubectl}" exec --namespace "$namespace" "deployment/oc-$role-backend" -- oc tenant "$@" --role "$role"
}
if [ "$role" = provider ]; then
  known=$(tenants list)
  grep -qw oc-check <<<"$known" || tenants create oc-check
fi

scripts/helm.sh test oc --namespace "$namespace" --timeout 5m --logs
