#!/usr/bin/env bash
# Lists the crates that FEATURES build in, with versions, licences and checksums, as
# CycloneDX: target/image/oc.sbom.json. What only tests need is not in it.
set -euo pipefail
cd "$(dirname "$0")/.."

CARGO_CYCLONEDX_VERSION=0.5.9
FEATURES=${FEATURES:-provider,client,pg-tls}
tools=$PWD/target/tools
sbom=target/image/oc.sbom.json

if ! grep -qs "^\"cargo-cyclonedx $CARGO_CYCLONEDX_VERSION " "$tools/.crates.toml"; then
  echo "sbom: installing cargo-cyclonedx $CARGO_CYCLONEDX_VERSION into target/tools ..."
  cargo install --quiet --locked --root "$tools" "cargo-cyclonedx@$CARGO_CYCLONEDX_VERSION"
fi

mkdir -p "$(dirname "$sbom")"
# With a time of its own it writes a file that is the same whenever it is written.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# It writes beside Cargo.toml and nowhere else.
trap 'rm -f .oc-sbom.json' EXIT
"$tools/bin/cargo-cyclonedx" cyclonedx --quiet --format json --spec-version 1.5 --no-build-deps \
  --no-default-features --features "$FEATURES" --target x86_64-unknown-linux-gnu --override-filename .oc-sbom
mv .oc-sbom.json "$sbom"
echo "sbom: $sbom names $(grep -c '"purl": "pkg:cargo/' "$sbom") crates"
