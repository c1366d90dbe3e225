#!/usr/bin/env bash
# Brings a cluster to what this folder says: infra/apply.sh ENVIRONMENT [STEP …], with
# ENVIRONMENT local, staging or production and KUBECONFIG naming the cluster. Without a
# step, all of them in order. Each may be repeated at any time; what is as it should be
# stays. Two environments may share a cluster.
set -euo pipefail
cd "$(dirname "$0")/.."

steps=(namespaces definitions secrets monitoring certificates databases gateway roles)
environment=${1:-}
if [ ! -f "infra/environments/$environment.env" ]; then
  echo "usage: infra/apply.sh local|staging|production [STEP ...]; steps: ${steps[*]}" >&2
  exit 2
fi
shift
# shellcheck source=infra/versions.env
. infra/versions.env
# shellcheck source=infra/environments/production.env
. "infra/environments/$environment.env"

kubectl=${KUBECTL:-kubectl}

# install NAME NAMESPACE CHART VERSION [ARGUMENT …], with infra/values/NAME.yaml and,
# for a local cluster, NAME.local.yaml where they exist.
install() {
  local name=$1 namespace=$2 chart=$3 version=$4 file
  shift 4
  local arguments=()
  for file in "infra/values/$name.yaml" "infra/values/$name.$environment.yaml"; do
    if [ -f "$file" ]; then arguments+=(--values "$file"); fi
  done
  scripts/helm.sh upgrade --install "$name" "$chart" --version "$version" --namespace "$namespace" \
    --rollback-on-failure --wait --timeout 10m --history-max 10 "${arguments[@]}" "$@"
}

apply() { "$kubectl" apply --server-side --field-manager oc-infra --force-conflicts "$@"; }

namespaces() {
  apply --filename infra/namespaces/shared.yaml --filename "infra/namespaces/$environment.yaml" \
    --filename infra/access/deployer.yaml
  apply --namespace "$PROVIDER_NAMESPACE" --filename infra/access/login.yaml
  local namespace
  for namespace in "$PROVIDER_NAMESPACE" "$CLIENT_NAMESPACE"; do
    sed "s/HOME/$PROVIDER_NAMESPACE/" infra/access/binding.yaml | apply --namespace "$namespace" --filename -
  done
}

# Helm never upgrades definitions that a chart brings along, so they go ahead of them.
definitions() {
  scripts/helm.sh template gateway-crds oci://docker.io/envoyproxy/gateway-crds-helm --version "$ENVOY_GATEWAY_VERSION" \
    --set crds.gatewayAPI.enabled=true,crds.gatewayAPI.channel=standard,crds.envoyGateway.enabled=true |
    apply --filename -
  install prometheus-operator-crds oc-monitoring oci://ghcr.io/prometheus-community/charts/prometheus-operator-crds \
    "$PROMETHEUS_CRDS_VERSION"
}

secrets() {
  if [ "$SECRETS" = local ]; then
    infra/local-secrets.sh "$PROVIDER_NAMESPACE" "$CLIENT_NAMESPACE"
    return
  fi
  install external-secrets external-secrets external-secrets "$EXTERNAL_SECRETS_VERSION" \
    --repo https://charts.external-secrets.io
  fetch "$PROVIDER_NAMESPACE" "oc-$environment" provider backups
  fetch "$CLIENT_NAMESPACE" "oc-$environment" client backups
  fetch oc-monitoring oc-shared monitoring
}

# fetch NAMESPACE MOUNT NAME ...: secrets of the store into a namespace.
fetch() {
  local namespace=$1 mount=$2 name
  shift 2
  sed "s/MOUNT/$mount/; s/NAMESPACE/$namespace/" infra/external-secrets/store.yaml |
    apply --namespace "$namespace" --filename -
  for name in "$@"; do apply --namespace "$namespace" --filename "infra/external-secrets/$name.yaml"; done
  "$kubectl" wait --for=condition=Ready externalsecret --all --namespace "$namespace" --timeout 2m
}

monitoring() {
  [ "$MONITORING" = yes ] || return 0
  local from=infra/observability
  apply --filename "$from/datasources.yaml"
  install kube-prometheus-stack oc-monitoring oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack \
    "$PROMETHEUS_STACK_VERSION" --set-file "alertmanager.stringConfig=$from/alertmanager.yaml"
  install loki oc-monitoring oci://ghcr.io/grafana-community/helm-charts/loki "$LOKI_VERSION"
  install tempo oc-monitoring oci://ghcr.io/grafana-community/helm-charts/tempo "$TEMPO_VERSION"
  install alloy oc-monitoring alloy "$ALLOY_VERSION" --repo https://grafana.github.io/helm-charts \
    --set-file "alloy.configMap.content=$from/config.alloy"
}

# In the namespace of the gateway: there cert-manager looks for the key of a local authority.
certificates() {
  install cert-manager oc-gateway oci://quay.io/jetstack/charts/cert-manager "$CERT_MANAGER_VERSION"
}

databases() {
  local charts=https://cloudnative-pg.github.io/charts
  install cloudnative-pg cnpg-system cloudnative-pg "$CLOUDNATIVE_PG_VERSION" --repo "$charts"
  install plugin-barman-cloud cnpg-system plugin-barman-cloud "$BARMAN_PLUGIN_VERSION" --repo "$charts"
}

gateway() {
  install envoy-gateway oc-gateway oci://docker.io/envoyproxy/gateway-helm "$ENVOY_GATEWAY_VERSION" --skip-crds
  scripts/helm.sh upgrade --install "$GATEWAY_RELEASE" charts/oc-gateway --namespace oc-gateway \
    --rollback-on-failure --wait --timeout 10m --history-max 10 \
    --values "charts/oc-gateway/values-$environment.yaml"
}

# The client role first: the provider role's test sends it a document.
roles() {
  scripts/deploy.sh "$environment" client
  scripts/deploy.sh "$environment" provider
}

[ "$#" -gt 0 ] || set -- "${steps[@]}"
for step in "$@"; do
  if [[ " ${steps[*]} " != *" $step "* ]]; then
    echo "apply: there is no step $step; there are: ${steps[*]}" >&2
    exit 2
  fi
done
for step in "$@"; do
  printf '\n=== %s: %s\n' "$environment" "$step"
  "$step"
done
