#!/usr/bin/env bash
# Joins the images of both processors, whose digests are the names of the files in
# target/digests, under TAG, and signs the whole without a key. For GITHUB_OUTPUT.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${GITHUB_REPOSITORY:?is missing}" "${GITHUB_OUTPUT:?is missing}" "${TAG:?is missing}"
image=ghcr.io/${GITHUB_REPOSITORY,,}

parts=()
for file in target/digests/*; do parts+=("$image@sha256:$(basename "$file")"); done
if [ "${#parts[@]}" -ne 2 ]; then
  echo "image: ${#parts[@]} images are there instead of two" >&2
  exit 1
fi
docker buildx imagetools create --tag "$image:$TAG" "${parts[@]}"
digest=$(docker buildx imagetools inspect "$image:$TAG" --format '{{.Manifest.Digest}}')
# By digest: a tag may lead elsewhere a moment later.
cosign sign --yes "$image@$digest"
{
  echo "image=$image"
  echo "digest=$digest"
} >>"$GITHUB_OUTPUT"
