#!/usr/bin/env bash
# Lets an older version of oc and this one work beside each other on the same databases,
# under load, while this one changes the tables: readiness, sendings and openings of both
# must go on, and nothing may be lost. The older version is the newest tag, or what is
# named: scripts/upgrade-test.sh v0.3.0. It is built in target/upgrade, apart from this one.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}

ref=${1:-$(git describe --tags --abbrev=0 2>/dev/null || true)}
if [ -z "$ref" ]; then
  echo "upgrade-test: there is no tag yet; name a version: scripts/upgrade-test.sh COMMIT" >&2
  exit 1
fi
commit=$(git rev-parse --verify --quiet "$ref^{commit}") || {
  echo "upgrade-test: there is no version $ref here" >&2
  exit 1
}

place=$PWD/target/upgrade
sources=$place/sources
mkdir -p "$place"
if [ -e "$sources/.git" ]; then
  git -C "$sources" checkout --quiet --detach "$commit"
else
  git worktree prune
  git worktree add --quiet --detach --force "$sources" "$commit"
fi
trap 'git worktree remove --force "$sources"' EXIT

echo "upgrade-test: building $ref ($(git log -1 --format='%h, %cs' "$commit")) in target/upgrade ..."
CARGO_TARGET_DIR=$place/build "$cargo" build --quiet --locked --manifest-path "$sources/Cargo.toml"
count() { find "$1" -name up.sql | wc -l | tr -d ' '; }
echo "upgrade-test: it has $(count "$sources/migrations_provider") and $(count "$sources/migrations_client") migrations," \
  "this version $(count migrations_provider) and $(count migrations_client)"

export OC_OLD=$place/build/debug/oc
"$cargo" test --test it -- --ignored --nocapture two_versions_work_beside_each_other_while_the_tables_change
