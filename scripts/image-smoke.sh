#!/usr/bin/env bash
# Runs the container image (make image) the way production does: both roles from it,
# as user 65532, on a root that can't be written to, without capabilities, in 128 MB,
# with tokens, and a PostgreSQL that speaks TLS alone. A document is sent and opened,
# and SIGTERM ends both roles. First scripts/image-check.sh looks at what is inside.
# Linux only: the containers share this machine's network.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/container.sh
. scripts/container.sh

scripts/image-check.sh
scripts/prerequisites.sh

work=$(mktemp -d)
mkdir "$work/secrets"
chmod 755 "$work" "$work/secrets"
roles="provider client"
prefix=oc-smoke-$$

fail() {
  echo "image-smoke: FAILED: $*" >&2
  for role in $roles; do
    echo "--- log of $role" >&2
    "$engine" logs "$prefix-$role" 2>&1 | tail -n 15 >&2 || true
  done
  exit 1
}

clean_up() {
  for role in $roles; do "$engine" rm --force "$prefix-$role" >/dev/null 2>&1 || true; done
  if [ -f "$work/data/postmaster.pid" ]; then as_owner "$programs/pg_ctl" -D "$work/data" -m immediate stop >/dev/null || true; fi
  rm -rf "$work"
}
trap clean_up EXIT

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
random_key() { openssl rand -base64 32 | tr -d '\n'; }
secret() {
  printf '%s' "$2" >"$work/secrets/$1"
  chmod 444 "$work/secrets/$1"
}

# A database that takes connections over TLS alone, with an authority of its own.
start_database() {
  programs=$(find ${OC_POSTGRES:+"$OC_POSTGRES" "$OC_POSTGRES/bin"} /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    -maxdepth 1 -name initdb -printf '%h\n' 2>/dev/null | tail -n 1 || true)
  if [ -z "$programs" ]; then programs=$(dirname "$(readlink -f "$(command -v initdb)")"); fi
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$work/server.key" -out "$work/server.crt" 2>/dev/null
  cp "$work/server.crt" "$work/secrets/database-ca.crt"
  database_password=$(openssl rand -hex 16)
  printf '%s' "$database_password" >"$work/password"
  mkdir "$work/data" && chmod 700 "$work/data" && chmod 600 "$work/server.key"
  if [ "$(id -u)" -eq 0 ]; then chown 65534:65534 "$work/data" "$work/server.key" "$work/password"; fi
  as_owner "$programs/initdb" -D "$work/data" -U oc -A scram-sha-256 --pwfile "$work/password" -E UTF8 --locale=C >/dev/null
  echo "hostssl all all 127.0.0.1/32 scram-sha-256" >"$work/data/pg_hba.conf"
  database_port=$(free_port)
  as_owner "$programs/pg_ctl" -D "$work/data" -w -s -l "$work/data/log" -o "-p $database_port -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c ssl=on -c ssl_cert_file=$work/server.crt -c ssl_key_file=$work/server.key" start
  for role in $roles; do query postgres "CREATE DATABASE oc_$role" >/dev/null; done
}

query() { PGPASSWORD=$database_password psql -XAtq "host=127.0.0.1 port=$database_port user=oc dbname=$1 sslmode=require" -c "$2"; }

# What every process of this image is run with here, commands too.
hardening=(--network host --read-only --cap-drop=ALL --security-opt no-new-privileges
  --user 65532 --memory 128m --memory-swap 128m --volume "$work/secrets:/run/secrets:ro")

# Settings of a role; everything secret comes out of files.
settings_of() {
  settings=(
    --env AUTH=jwt --env JWT_ISSUER=https://id.example.org --env JWT_AUDIENCE=oc
    --env JWT_SECRET_FILE=/run/secrets/jwt --env SERVICE_TOKEN_SECRET_FILE=/run/secrets/service
    --env "DATABASE_URL_FILE=/run/secrets/$1-database" --env "FIELD_ENCRYPTION_KEY_FILE=/run/secrets/$1-field"
  )
  if [ "$1" = provider ]; then
    settings+=(--env "PORT=$provider_port" --env "CLIENT_BASE_URL=http://127.0.0.1:$client_port/api/")
  else
    settings+=(--env "PORT=$client_port" --env "CLIENT_PUBLIC_URL=http://127.0.0.1:$client_port"
      --env ACCESS_CODE_KEY_FILE=/run/secrets/codes)
  fi
}

run_oc() { "$engine" run --rm "${hardening[@]}" "$@"; }
process_of() { "$engine" inspect --format '{{.State.Pid}}' "$prefix-$1"; }
status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$(process_of "$1")/status"; }

start_database
provider_port=$(free_port)
client_port=$(free_port)
secret jwt "$(random_key)"
secret service "$(random_key)"
secret codes "$(random_key)"
for role in $roles; do
  secret "$role-field" "$(random_key)"
  secret "$role-database" "postgres://oc:$database_password@localhost:$database_port/oc_$role?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=/run/secrets/database-ca.crt"
done

# The client first: the provider wants somebody to deliver to.
for role in client provider; do
  settings_of "$role"
  run_oc "${settings[@]}" "$image" migrate --role "$role" >"$work/migrate" 2>&1 || { cat "$work/migrate" >&2; fail "oc migrate --role $role"; }
  began=$(date +%s%N)
  "$engine" run --detach --name "$prefix-$role" "${hardening[@]}" "${settings[@]}" "$image" serve --role "$role" >/dev/null
  ready=""
  for _ in $(seq 300); do
    if "$engine" exec "$prefix-$role" oc healthcheck >/dev/null 2>&1; then ready=yes && break; fi
    if [ "$("$engine" inspect --format '{{.State.Running}}' "$prefix-$role")" != true ]; then break; fi
    sleep 0.1
  done
  [ -n "$ready" ] || fail "$role does not become ready"
  echo "image-smoke: $role is ready $((($(date +%s%N) - began) / 1000000)) ms after its start"
done

for role in $roles; do
  [ "$(status_of "$role" Uid | cut -f 1)" = 65532 ] || fail "$role runs as $(status_of "$role" Uid)"
  [ "$(status_of "$role" CapEff)" = 0000000000000000 ] || fail "$role has capabilities"
  [ "$(status_of "$role" CapBnd)" = 0000000000000000 ] || fail "$role may get capabilities"
  [ "$(status_of "$role" NoNewPrivs)" = 1 ] || fail "$role may get new privileges"
  grep -q ' / ro[, ]' "/proc/$(process_of "$role")/mountinfo" || fail "the root of $role can be written to"
  [ "$("$engine" inspect --format '{{.HostConfig.Memory}}' "$prefix-$role")" = 134217728 ] || fail "$role has no limit of memory"
  [ "$(query "oc_$role" "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'oc_$role'")" = t ] ||
    fail "$role speaks to its database without TLS"
done

# What must be refused: the loopback-only mode, and a healthcheck where nobody listens.
settings_of provider
if run_oc "${settings[@]}" --env AUTH=none "$image" serve --role provider >"$work/none" 2>&1; then fail "AUTH=none was accepted on every address"; fi
grep -q HOST "$work/none" || fail "AUTH=none was refused for another reason: $(cat "$work/none")"
if "$engine" exec "$prefix-client" oc healthcheck --port "$(free_port)" >/dev/null 2>&1; then fail "oc healthcheck finds nobody ready"; fi

token=$(run_oc "${settings[@]}" "$image" token --tenant practice)
sent=$(printf '# Exercise plan\n\nTwice a day, for six weeks.\n' |
  run_oc --interactive --env "OC_TOKEN=$token" --env "OC_PROVIDER_URL=http://127.0.0.1:$provider_port" "$image" send - --to "Anna Muster" --json) ||
  fail "oc send: $sent"
code=$(printf '%s' "$sent" | sed -n 's/.*"accessCode":"\([^"]*\)".*/\1/p')
opened=$(run_oc --env "OC_CLIENT_URL=http://127.0.0.1:$client_port" "$image" open "$code") || fail "oc open: $opened"
grep -q "Twice a day, for six weeks." <<<"$opened" || fail "the code opened something else"
if run_oc --env "OC_PROVIDER_URL=http://127.0.0.1:$provider_port" "$image" send /usr/share/doc/oc/LICENSE >/dev/null 2>&1; then fail "a sender without a token was let in"; fi
echo "image-smoke: a document was sent and opened with its code"

printf '\n%-10s %14s %16s %6s\n' role "memory, MB" "end by SIGTERM" exit
for role in $roles; do
  memory=$(status_of "$role" VmHWM)
  began=$(date +%s%N)
  "$engine" kill --signal TERM "$prefix-$role" >/dev/null
  # 20 seconds are for requests in flight (SHUTDOWN_TIMEOUT_SECONDS), and there are none.
  code=$(timeout 20 "$engine" wait "$prefix-$role") || fail "$role does not end"
  took=$((($(date +%s%N) - began) / 1000000))
  printf '%-10s %14d %13d ms %6s\n' "$role" "$((${memory% kB} / 1024))" "$took" "$code"
  [ "$code" = 0 ] || fail "$role ended with $code"
  "$engine" logs "$prefix-$role" 2>&1 | grep -q stopped || fail "$role did not say that it stopped"
done
echo "image-smoke: all is well"
