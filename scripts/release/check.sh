#!/usr/bin/env bash
# Whether everything says the version of a tag: scripts/release/check.sh v0.1.0. Names all
# that does not, so that one commit can mend it.
set -euo pipefail
cd "$(dirname "$0")/../.."
tag=${1:-}
version=${tag#v}
if ! [[ $tag =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
  echo "usage: scripts/release/check.sh vX.Y.Z" >&2
  exit 2
fi
wrong=0
lacks() {
  wrong=1
  echo "release: $*" >&2
}

says() { sed -n "s/^$2[:=] *\"\{0,1\}\([0-9][^\"]*\)\"\{0,1\}$/\1/p" "$1" | head -n 1; }

[ "$(says Cargo.toml 'version ')" = "$version" ] || lacks "Cargo.toml says $(says Cargo.toml 'version ')"
for chart in charts/*/Chart.yaml; do
  [ "$(says "$chart" version)" = "$version" ] || lacks "$chart says version $(says "$chart" version)"
  [ "$(says "$chart" appVersion)" = "$version" ] || lacks "$chart says appVersion $(says "$chart" appVersion)"
done
grep -q "^## \[$version\]" CHANGELOG.md || lacks "CHANGELOG.md has no section [$version]"
scripts/release-notes.sh "$version" >/dev/null || wrong=1
if git rev-parse --verify --quiet origin/main >/dev/null; then
  git merge-base --is-ancestor HEAD origin/main || lacks "the tag is not on main"
fi
[ "$wrong" -eq 0 ] && echo "Everything says $version."
