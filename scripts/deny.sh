#!/usr/bin/env bash
# Checks the dependencies with cargo-deny (deny.toml): licences, bans and sources
# always; security advisories where their database can be fetched. With
# --advisories these alone, also of the fuzz targets, and it has to be fetched.
set -euo pipefail
cd "$(dirname "$0")/.."

CARGO_DENY_VERSION=0.20.2

if ! cargo deny --version >/dev/null 2>&1; then
  echo "cargo-deny is missing; installing version $CARGO_DENY_VERSION, which takes a few minutes ..."
  cargo install --locked cargo-deny --version "$CARGO_DENY_VERSION"
fi

if [ "${1:-}" = --advisories ]; then
  cargo deny --log-level error check --show-stats advisories
  cargo deny --log-level error --manifest-path fuzz/Cargo.toml --config deny.toml check --show-stats advisories
  exit
fi

cargo deny --log-level error check --hide-inclusion-graph --show-stats licenses bans sources

# Fetching and checking are two steps, so that a database that can't be reached
# is told apart from an advisory that was found.
if fetched=$(cargo deny fetch db 2>&1); then
  cargo deny --log-level error --offline check --show-stats advisories
else
  printf '%s\n' "$fetched" | sed 's/^/  | /'
  echo "WARNING !!! SECURITY ADVISORIES WERE NOT CHECKED: their database can't be fetched (see above) !!!"
fi
