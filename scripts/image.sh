#!/usr/bin/env bash
# Builds the container image from the Dockerfile with docker or podman, and lists what
# is in it: target/image/oc.sbom.json. OC_IMAGE and OC_TAG name the image, FEATURES what
# is built in, OC_SOURCE the address of the sources for its labels. RUST_IMAGE and
# RUNTIME_IMAGE take other bases, such as the same ones with a digest.
#
# OC_IMAGE_OFFLINE=1 builds on local stand-ins (scripts/image-bases.sh), 0 never does;
# unset, they are used where the bases can't be pulled. A release sets 0.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/container.sh
. scripts/container.sh

FEATURES=${FEATURES:-provider,client,pg-tls}
offline=${OC_IMAGE_OFFLINE:-}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
revision=$(git rev-parse HEAD)
if [ -n "$(git status --porcelain)" ]; then revision=$revision-dirty; fi
# Times inside the image are those of the commit, so that it can be built again.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

named() { sed -n "s/^ARG $1=//p" Dockerfile | head -n 1; }
rust_image=${RUST_IMAGE:-$(named RUST_IMAGE)}
runtime_image=${RUNTIME_IMAGE:-$(named RUNTIME_IMAGE)}

channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
case $rust_image in
  *:"$channel"-*) ;;
  *)
    echo "image: the Dockerfile builds with $rust_image, rust-toolchain.toml says $channel" >&2
    exit 1
    ;;
esac

arguments=(
  --build-arg "RUST_IMAGE=$rust_image" --build-arg "RUNTIME_IMAGE=$runtime_image"
  --build-arg "FEATURES=$FEATURES"
  --build-arg "OC_VERSION=$version" --build-arg "OC_REVISION=$revision" --build-arg "OC_SOURCE=${OC_SOURCE:-}"
  --tag "$image"
)

build_with_docker() {
  if [ "$offline" = 1 ]; then
    echo "image: stand-ins are made for podman; say OC_ENGINE=podman with OC_IMAGE_OFFLINE=1" >&2
    exit 1
  fi
  docker buildx build "${arguments[@]}" --build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" --load "$@" .
}

pull_bases() {
  local base
  for base in "$rust_image" "$runtime_image"; do
    podman pull --quiet "$base" >/dev/null || return 1
  done
}

build_with_podman() {
  # Health checks are a field that only Docker's format of images has.
  arguments+=(--format docker --layers --timestamp "$SOURCE_DATE_EPOCH")
  if [ ! -d /run/systemd/system ]; then arguments+=(--isolation chroot); fi
  if [ "$offline" != 1 ] && ! pull_bases; then
    if [ "$offline" = 0 ]; then exit 1; fi
    offline=1
  fi
  if [ "$offline" = 1 ]; then
    echo "WARNING !!! THE BASES ARE STAND-INS, NOT THE REAL IMAGES: this image is for trying out alone !!!" >&2
    scripts/image-bases.sh
    # Behind a proxy with a certificate of its own, cargo needs that of this machine.
    arguments+=(--pull=never --volume /etc/ssl/certs:/etc/ssl/certs:ro)
  fi
  podman build "${arguments[@]}" "$@" .
}

began=$SECONDS
"build_with_$engine" "$@"
echo "image: $image built with $engine in $((SECONDS - began)) s"
FEATURES=$FEATURES scripts/sbom.sh
