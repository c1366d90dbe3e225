#!/usr/bin/env bash
# Makes the keys and passwords of compose.yaml in secrets/, each once: what is there
# already is kept, because without its keys nothing in a database can be read again.
# Keep a copy of the folder, apart from the backups of the databases.
set -euo pipefail
cd "$(dirname "$0")/.."

# Containers run as other users, who read the files; the folder lets nobody else in.
mkdir -p -m 700 secrets
chmod 700 secrets

make() {
  if [ -s "secrets/$1" ]; then
    echo "compose-secrets: secrets/$1 is there already"
    return
  fi
  printf '%s\n' "$2" >"secrets/$1"
  chmod 444 "secrets/$1"
  echo "compose-secrets: secrets/$1 made"
}

for name in jwt-secret service-token-secret provider-field-encryption-key client-field-encryption-key access-code-key receipt-signing-key; do
  make "$name" "$(openssl rand -base64 32)"
done
for role in provider client; do
  make "$role-database-password" "$(openssl rand -hex 24)"
  make "$role-database-url" "postgres://oc:$(cat "secrets/$role-database-password")@$role-database/oc"
done
