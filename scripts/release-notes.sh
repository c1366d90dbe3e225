#!/usr/bin/env bash
# Prints the section of RELEASE-NOTES.md for a version, without its heading:
# scripts/release-notes.sh 0.1.0. Fails where there is none, or where it says nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:-}
version=${version#v}
file=${RELEASE_NOTES:-RELEASE-NOTES.md}
if [ -z "$version" ]; then
  echo "usage: scripts/release-notes.sh VERSION" >&2
  exit 2
fi
# The heading is "## 0.1.0" or "## 0.1.0 (2026-12-01)"; the section ends at the next one.
section=$(awk -v version="$version" '
  /^## / { inside = ($2 == version); next }
  inside { print }
' "$file" | sed -e '/./,$!d')
if [ -z "${section//[[:space:]]/}" ]; then
  echo "release-notes: $file has no section for $version" >&2
  exit 1
fi
printf '%s\n' "$section"
