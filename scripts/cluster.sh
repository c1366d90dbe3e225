#!/usr/bin/env bash
# A cluster on this machine with gateway, databases and both roles: up makes it, or
# brings it up to date; down removes it. Takes kind or k3d, whichever is on the PATH
# (OC_CLUSTER_TOOL chooses), and docker. MONITORING=yes installs the monitoring, too.
set -euo pipefail
cd "$(dirname "$0")/.."

name=${OC_CLUSTER_NAME:-oc}
image=${OC_IMAGE:-localhost/oc:dev}
tool=${OC_CLUSTER_TOOL:-}
for candidate in kind k3d; do
  if [ -z "$tool" ] && command -v "$candidate" >/dev/null 2>&1; then tool=$candidate; fi
done
case $tool in
  kind | k3d) ;;
  *)
    echo "cluster: neither kind nor k3d is installed: https://kind.sigs.k8s.io, https://k3d.io" >&2
    exit 1
    ;;
esac
folder=${OC_CLUSTER_FOLDER:-$PWD/target/cluster}
# A file of its own: no command here can reach another cluster.
export KUBECONFIG=$folder/kubeconfig

there() {
  case $tool in
    kind) kind get clusters 2>/dev/null | grep -qx "$name" ;;
    k3d) k3d cluster get "$name" >/dev/null 2>&1 ;;
  esac
}

make_it() {
  case $tool in
    kind) kind create cluster --name "$name" --config infra/kind/kind.yaml --wait 3m ;;
    k3d)
      k3d cluster create "$name" --wait --timeout 3m --kubeconfig-update-default=false \
        --k3s-arg '--disable=traefik@server:*' \
        --port '127.0.0.1:8080:30080@server:0' --port '127.0.0.1:8443:30443@server:0'
      ;;
  esac
}

kubeconfig() {
  case $tool in
    kind) kind get kubeconfig --name "$name" ;;
    k3d) k3d kubeconfig get "$name" ;;
  esac >"$KUBECONFIG.new"
  chmod 600 "$KUBECONFIG.new"
  mv "$KUBECONFIG.new" "$KUBECONFIG"
}

load() {
  case $tool in
    kind) kind load docker-image "$image" --name "$name" ;;
    k3d) k3d image import "$image" --cluster "$name" ;;
  esac
}

up() {
  mkdir -p "$folder"
  there || make_it
  kubeconfig
  if [ -z "${OC_IMAGE:-}" ]; then
    OC_IMAGE=$image OC_ENGINE=docker make image
    # A name of its own for each image, or the cluster would keep the pods of the last one.
    local id
    id=$(docker image inspect --format '{{.Id}}' "$image")
    docker tag "$image" "${image%:*}:${id:7:12}"
    image=${image%:*}:${id:7:12}
  fi
  load
  OC_IMAGE=${image%:*} OC_TAG=${image##*:} infra/apply.sh local
  printf '\n  Both roles run in the cluster "%s". Your browser has to be told to trust the certificates.\n\n' "$name"
  printf '  provider  https://provider.localhost:8443/\n  client    https://client.localhost:8443/\n\n'
  printf '  export KUBECONFIG=%s\n' "$KUBECONFIG"
}

down() {
  if there; then
    case $tool in
      kind) kind delete cluster --name "$name" ;;
      k3d) k3d cluster delete "$name" ;;
    esac
  fi
  rm -rf "$folder"
}

case ${1:-} in
  up) up ;;
  down) down ;;
  *)
    echo "usage: scripts/cluster.sh up|down" >&2
    exit 2
    ;;
esac
