#!/usr/bin/env bash
# Asks both roles, with databases of their own, whatever their OpenAPI descriptions
# allow and forbid, with Schemathesis (fuzz/api/schemathesis.toml). It is kept in
# target/schemathesis, apart from every other Python.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=fuzz/api/requirements.txt
place=$PWD/target/schemathesis

python=""
for candidate in python3.14 python3.13 python3.12 python3.11 python3.10 python3; do
  if command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "fuzz-api: Python 3.10 or newer with venv is missing; install it (Debian, Ubuntu: python3-venv)" >&2
  exit 1
fi

if ! cmp -s "$wanted" "$place/requirements.txt"; then
  echo "fuzz-api: installing Schemathesis into target/schemathesis ..."
  rm -rf "$place"
  "$python" -m venv "$place"
  "$place/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$wanted"
  cp "$wanted" "$place/requirements.txt"
fi

export OC_SCHEMATHESIS=$place/bin/schemathesis
exec "${CARGO:-cargo}" test --test it -- --ignored --nocapture whatever_is_asked_the_roles_answer_as_described
