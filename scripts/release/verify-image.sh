#!/usr/bin/env bash
# Whether OC_IMAGE with OC_DIGEST was signed by this repository's workflow for images.
set -euo pipefail
: "${GITHUB_REPOSITORY:?is missing}" "${OC_IMAGE:?is missing}" "${OC_DIGEST:?is missing}"
cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com \
  --certificate-identity-regexp "^https://github\.com/${GITHUB_REPOSITORY//./\\.}/\.github/workflows/image\.yml@refs/" \
  "$OC_IMAGE@$OC_DIGEST" >/dev/null
echo "$OC_IMAGE@$OC_DIGEST was made and signed here."
