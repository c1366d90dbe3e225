#!/usr/bin/env bash
# Packs every chart, pushes it to ghcr.io/OWNER/charts and signs it without a key.
# REGISTRY takes another place, HELM_PUSH_ARGUMENTS further arguments of `helm push`.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${GITHUB_REPOSITORY_OWNER:?is missing}"
registry=${REGISTRY:-ghcr.io/${GITHUB_REPOSITORY_OWNER,,}/charts}
read -r -a further <<<"${HELM_PUSH_ARGUMENTS:-}"
folder=target/charts
rm -rf "$folder"
mkdir -p "$folder"
for chart in charts/*/Chart.yaml; do
  scripts/helm.sh package "$(dirname "$chart")" --destination "$folder"
done
for package in "$folder"/*.tgz; do
  said=$(scripts/helm.sh push "$package" "oci://$registry" "${further[@]}" 2>&1)
  echo "$said"
  digest=$(sed -n 's/^Digest: *//p' <<<"$said")
  name=$(basename "$package" .tgz)
  cosign sign --yes "$registry/${name%-[0-9]*}@${digest:?the registry named no digest}"
done
