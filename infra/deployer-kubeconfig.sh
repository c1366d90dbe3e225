#!/usr/bin/env bash
# Prints the KUBECONFIG that workflows deploy an environment with, for the environment's
# secret at GitHub: infra/deployer-kubeconfig.sh staging|production. `kubectl delete
# secret oc-deployer` in the provider role's namespace, and another `infra/apply.sh
# ENVIRONMENT namespaces`, make the old one worthless.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${1:-}
if [ ! -f "infra/environments/$environment.env" ]; then
  echo "usage: infra/deployer-kubeconfig.sh staging|production" >&2
  exit 2
fi
# shellcheck source=infra/environments/production.env
. "infra/environments/$environment.env"
kubectl=${KUBECTL:-kubectl}

of_cluster() { "$kubectl" config view --minify --raw --output "jsonpath={.clusters[0].cluster.$1}"; }
of_secret() { "$kubectl" get secret oc-deployer --namespace "$PROVIDER_NAMESPACE" --output "jsonpath={.data.$1}"; }

server=$(of_cluster server)
authority=$(of_secret 'ca\.crt')
token=$(of_secret token | base64 -d)
if [ -z "$server" ] || [ -z "$authority" ] || [ -z "$token" ]; then
  echo "deployer-kubeconfig: the login is not there yet; run: infra/apply.sh $environment namespaces" >&2
  exit 1
fi
cat <<END
apiVersion: v1
kind: Config
current-context: oc
clusters:
  - name: oc
    cluster:
      server: $server
      certificate-authority-data: $authority
contexts:
  - name: oc
    context:
      cluster: oc
      user: oc-deployer
      namespace: $PROVIDER_NAMESPACE
users:
  - name: oc-deployer
    user:
      token: $token
END
