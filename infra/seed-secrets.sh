#!/usr/bin/env bash
# Fills the store of an environment: infra/seed-secrets.sh staging|production, with VAULT_ADDR
# and VAULT_TOKEN. Keys are made here out of chance and never shown; what is there already
# is never replaced, because nothing that was written with another key could be read.
# What others gave is taken from the environment: BACKUPS_ACCESS_KEY_ID and _SECRET_KEY, and
# for the monitoring of the cluster ALERTS_TOKEN, S3_ENDPOINT, S3_ACCESS_KEY_ID and
# S3_SECRET_ACCESS_KEY; without them these stay as they are.
set -euo pipefail
environment=${1:-}
case $environment in
  staging | production) ;;
  *)
    echo "usage: infra/seed-secrets.sh staging|production" >&2
    exit 2
    ;;
esac
vault=${VAULT:-vault}
mount=oc-$environment

key() { openssl rand -base64 32; }

# Told apart from a store that does not answer: then nothing may be made up.
there() {
  local answer
  if answer=$("$vault" kv get -mount="$1" "$2" 2>&1 >/dev/null); then return 0; fi
  case $answer in
    *"No value found"*) return 1 ;;
    *)
      echo "seed-secrets: the store does not say whether $1/$2 is there: $answer" >&2
      exit 1
      ;;
  esac
}

# put MOUNT NAME, with JSON on standard input; refuses to replace.
put() { "$vault" kv put -mount="$1" -cas=0 "$2" - >/dev/null && echo "$1/$2 made"; }

# object NAME VALUE ...: values come from here alone and hold neither quotes nor backslashes.
object() {
  local separator=""
  printf '{'
  while [ "$#" -gt 0 ]; do
    case $2 in *[\"\\]*)
      echo "seed-secrets: $1 holds a quote or a backslash" >&2
      exit 1
      ;;
    esac
    printf '%s"%s":"%s"' "$separator" "$1" "$2"
    separator=,
    shift 2
  done
  printf '}'
}

# Both roles are written together, since they share a key.
if there "$mount" provider; then
  there "$mount" client || {
    echo "seed-secrets: $mount has keys of the provider role and none of the client role; restore them" >&2
    exit 1
  }
else
  if there "$mount" client; then
    echo "seed-secrets: $mount has keys of the client role and none of the provider role; restore them" >&2
    exit 1
  fi
  service=$(key)
  object FIELD_ENCRYPTION_KEY "$(key)" JWT_SECRET "$(key)" SERVICE_TOKEN_SECRET "$service" | put "$mount" provider
  object FIELD_ENCRYPTION_KEY "$(key)" ACCESS_CODE_KEY "$(key)" RECEIPT_SIGNING_KEY "$(key)" \
    SERVICE_TOKEN_SECRET "$service" | put "$mount" client
fi

if [ -n "${BACKUPS_ACCESS_KEY_ID:-}" ] && ! there "$mount" backups; then
  object ACCESS_KEY_ID "$BACKUPS_ACCESS_KEY_ID" ACCESS_SECRET_KEY "${BACKUPS_SECRET_KEY:?is missing}" | put "$mount" backups
fi
if [ -n "${ALERTS_TOKEN:-}" ]; then
  there oc-shared grafana || object username admin password "$(key)" | put oc-shared grafana
  there oc-shared alertmanager || object token "$ALERTS_TOKEN" | put oc-shared alertmanager
  if ! there oc-shared object-store; then
    endpoint=${S3_ENDPOINT:?is missing}
    object S3_ENDPOINT "$endpoint" S3_HOST "${endpoint#https://}" S3_ACCESS_KEY_ID "${S3_ACCESS_KEY_ID:?is missing}" \
      S3_SECRET_ACCESS_KEY "${S3_SECRET_ACCESS_KEY:?is missing}" | put oc-shared object-store
  fi
fi
