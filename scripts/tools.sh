#!/usr/bin/env bash
# Installs the tools that check what surrounds the program (chart, workflows, scripts)
# into target/tools, by the hashes of tools/requirements.txt and apart from every other
# Python. Prints the folder of their programs. Quick when everything is there. Without
# Python it says so and ends with 77: whoever calls it then skips what needs them.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=tools/requirements.txt
place=$PWD/target/tools
say() { printf 'tools: %s\n' "$*" >&2; }

python=""
for candidate in python3.14 python3.13 python3.12 python3.11 python3.10 python3; do
  if command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  say "SKIPPED: Python 3.10 or newer with venv is missing; install it (Debian, Ubuntu: python3-venv)"
  exit 77
fi

if ! cmp -s "$wanted" "$place/requirements.txt"; then
  say "installing tools/requirements.txt into target/tools ..."
  rm -rf "$place"
  "$python" -m venv "$place"
  if ! "$place/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
    --only-binary :all: -r "$wanted" >&2; then
    say "SKIPPED: they could not be installed"
    rm -rf "$place"
    exit 77
  fi
  cp "$wanted" "$place/requirements.txt"
fi
printf '%s\n' "$place/bin"
