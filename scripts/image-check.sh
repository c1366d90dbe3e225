#!/usr/bin/env bash
# Looks at what is inside the container image (make image), see image-check.py.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/container.sh
. scripts/container.sh
if ! "$engine" image inspect "$image" >/dev/null 2>&1; then
  echo "image-check: there is no image $image; \`make image\` builds it" >&2
  exit 1
fi
exec python3 scripts/image-check.py "$engine" "$image"
