#!/usr/bin/env bash
# What the workflow hands to the build of the image: its name, the time of the commit, and
# arguments with the bases by digest. For GitHub's outputs, which GITHUB_OUTPUT names.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${GITHUB_REPOSITORY:?is missing}" "${GITHUB_OUTPUT:?is missing}"

base() { sed -n "s/^ARG $1=//p" Dockerfile | head -n 1; }
fixed() {
  local name=$1 digest
  digest=$(docker buildx imagetools inspect "$name" --format '{{.Manifest.Digest}}')
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || {
    echo "image: the registry names no digest of $name" >&2
    exit 1
  }
  echo "$name@$digest"
}

rust=$(fixed "$(base RUST_IMAGE)")
runtime=$(fixed "$(base RUNTIME_IMAGE)")
{
  echo "image=ghcr.io/${GITHUB_REPOSITORY,,}"
  echo "epoch=$(git log -1 --format=%ct)"
  echo "arguments<<END"
  echo "RUST_IMAGE=$rust"
  echo "RUNTIME_IMAGE=$runtime"
  echo "OC_VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)"
  echo "OC_REVISION=$(git rev-parse HEAD)"
  echo "OC_SOURCE=https://github.com/$GITHUB_REPOSITORY"
  echo END
} >>"$GITHUB_OUTPUT"
