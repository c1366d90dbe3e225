#!/usr/bin/env bash
# Makes local STAND-INS for the two images that the Dockerfile begins with, under their
# names, for machines that reach Debian's packages but no registry of images. They are
# for trying out alone: each bears the label oc.stand-in, and so does what is built on
# it. scripts/image.sh calls this where pulling fails, or with OC_IMAGE_OFFLINE=1.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in mmdebstrap podman buildah rustc; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "image-bases: $tool is missing, which stand-ins are made with (Debian: apt-get install mmdebstrap podman buildah)" >&2
    exit 1
  fi
done

named() { sed -n "s/^ARG $1=//p" Dockerfile | head -n 1; }
rust_image=${RUST_IMAGE:-$(named RUST_IMAGE)}
runtime_image=${RUNTIME_IMAGE:-$(named RUNTIME_IMAGE)}
suite=trixie

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# mmdebstrap works as another user where it can't be root.
chmod 755 "$work"

stand_in_exists() { [ "$(podman image inspect --format '{{index .Labels "oc.stand-in"}}' "$1" 2>/dev/null)" = true ]; }

# As gcr.io/distroless/cc: libraries, certificates, time zones, a user, no program.
make_runtime() {
  cat >"$work/finish" <<'HOOK'
#!/bin/sh
set -eu
cd "$1"
find usr/share/ca-certificates -name '*.crt' -exec cat {} + >etc/ssl/certs/ca-certificates.crt
rm -rf usr/bin/* usr/sbin/* usr/share/man usr/share/locale usr/share/perl5 usr/share/debconf usr/share/lintian var/lib/dpkg
find usr/share/doc -type f ! -name copyright -delete
printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >etc/passwd
printf 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n' >etc/group
mkdir -p home/nonroot && chown 65532:65532 home/nonroot && chmod 700 home/nonroot
HOOK
  chmod 755 "$work/finish"
  mmdebstrap --quiet --variant=extract --extract-hook="$work/finish" \
    --include=base-files,ca-certificates,libc6,libgcc-s1,libgomp1,libssl3t64,libstdc++6,media-types,netbase,tzdata \
    "$suite" "$work/runtime.tar"
  podman import --quiet \
    --change 'LABEL oc.stand-in=true' --change 'USER 65532' --change 'WORKDIR /home/nonroot' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
    "$work/runtime.tar" "$1" >/dev/null
}

# As docker.io/library/rust:…-slim: gcc and a compiler, here the one of this machine.
make_rust() {
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,gcc,libc6-dev "$suite" "$work/rust.tar"
  podman import --quiet "$work/rust.tar" localhost/oc-stand-in-debian >/dev/null
  local container toolchain
  toolchain=$(rustc --print sysroot)
  container=$(buildah from --pull-never localhost/oc-stand-in-debian)
  for part in bin lib libexec; do
    buildah copy --quiet "$container" "$toolchain/$part" "/usr/local/rust/$part" >/dev/null
  done
  buildah config --label oc.stand-in=true --env CARGO_HOME=/usr/local/cargo \
    --env PATH=/usr/local/cargo/bin:/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit --quiet --rm --format docker "$container" "$1" >/dev/null
  podman image rm localhost/oc-stand-in-debian >/dev/null
}

for pair in "runtime $runtime_image" "rust $rust_image"; do
  read -r kind image <<<"$pair"
  if stand_in_exists "$image"; then
    echo "image-bases: the STAND-IN for $image is there already"
  else
    echo "image-bases: making a STAND-IN for $image out of Debian $suite; it is not the real image ..."
    "make_$kind" "$image"
  fi
done
