#!/usr/bin/env bash
# Makes the secrets of a local cluster, each once, out of chance. With another key
# nothing that was written before could be read, so what is there stays.
#   infra/local-secrets.sh PROVIDER_NAMESPACE CLIENT_NAMESPACE
set -euo pipefail
kubectl=${KUBECTL:-kubectl}
provider=$1
client=$2

key() { openssl rand -base64 32; }
there() { "$kubectl" get secret "$2" --namespace "$1" >/dev/null 2>&1; }

# create NAMESPACE NAME, settings on standard input; they are on no command line.
create() { "$kubectl" create secret generic "$2" --namespace "$1" --from-env-file=/dev/stdin; }

# The one key that both roles share.
shared=""
for namespace in "$provider" "$client"; do
  if [ -z "$shared" ] && there "$namespace" "oc-service-token"; then
    shared=$("$kubectl" get secret oc-service-token --namespace "$namespace" \
      -o jsonpath='{.data.SERVICE_TOKEN_SECRET}' | base64 -d)
  fi
done
shared=${shared:-$(key)}
for namespace in "$provider" "$client"; do
  there "$namespace" oc-service-token ||
    printf 'SERVICE_TOKEN_SECRET=%s\n' "$shared" | create "$namespace" oc-service-token
done

there "$provider" oc-provider-backend ||
  printf '%s\n' "FIELD_ENCRYPTION_KEY=$(key)" "JWT_SECRET=$(key)" "SERVICE_TOKEN_SECRET=$shared" |
  create "$provider" oc-provider-backend
there "$client" oc-client-backend ||
  printf '%s\n' "FIELD_ENCRYPTION_KEY=$(key)" "ACCESS_CODE_KEY=$(key)" "RECEIPT_SIGNING_KEY=$(key)" \
    "SERVICE_TOKEN_SECRET=$shared" |
  create "$client" oc-client-backend
there oc-monitoring grafana-admin ||
  printf '%s\n' "username=admin" "password=$(key)" | create oc-monitoring grafana-admin
