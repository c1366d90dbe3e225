#!/usr/bin/env bash
# Makes the page of a release: scripts/release/publish.sh v0.1.0. Its text is the section
# of RELEASE-NOTES.md, and how to check what is downloaded.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${GITHUB_REPOSITORY:?is missing}" "${OC_IMAGE:?is missing}" "${OC_DIGEST:?is missing}"
tag=${1:?usage: scripts/release/publish.sh vX.Y.Z}
text=target/release-notes.md
mkdir -p target
{
  scripts/release-notes.sh "$tag"
  cat <<END

### Image and charts

\`\`\`sh
docker pull $OC_IMAGE@$OC_DIGEST
helm show chart oci://ghcr.io/${GITHUB_REPOSITORY%%/*}/charts/oc --version ${tag#v}
cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com \\
  --certificate-identity-regexp '^https://github\.com/$GITHUB_REPOSITORY/' $OC_IMAGE@$OC_DIGEST
\`\`\`
END
} >"$text"
gh release create "$tag" --verify-tag --title "oc ${tag#v}" --notes-file "$text"
