#!/usr/bin/env bash
# Which program builds and runs containers here; to be sourced by scripts/image*.sh.
# Sets `engine` to docker or podman (OC_ENGINE chooses) and `image` to the image that
# is built, looked at and run (OC_IMAGE, OC_TAG). Installs podman where there is neither
# and apt-get can.

# shellcheck disable=SC2034  # for those who source this
image=${OC_IMAGE:-localhost/oc}:${OC_TAG:-dev}

docker_answers() { command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; }

find_engine() {
  engine=${OC_ENGINE:-}
  if [ -n "$engine" ]; then return; fi
  if docker_answers; then
    engine=docker
  else
    scripts/prerequisites.sh --image
    engine=podman
  fi
  if ! command -v "$engine" >/dev/null 2>&1; then
    echo "WARNING !!! THE IMAGE WAS NEITHER BUILT NOR CHECKED: no docker daemon answers, and podman is not there !!!" >&2
    exit 3
  fi
}

# Where no systemd runs (sandboxes, containers), podman's defaults ask for what
# nobody can give: groups and logs of systemd, and higher limits than the caller's.
settle_podman() {
  if [ "$engine" != podman ] || [ -d /run/systemd/system ] || [ -n "${CONTAINERS_CONF:-}" ]; then return; fi
  local files runtime=crun
  files=$(ulimit -Hn)
  if [ "$files" = unlimited ]; then files=1048576; fi
  # crun refuses control groups of version 1 beside version 2, runc takes them.
  if command -v runc >/dev/null 2>&1; then runtime=runc; fi
  mkdir -p target/image
  cat >target/image/containers.conf <<CONF
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=4096:4096"]

[engine]
runtime = "$runtime"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
  export CONTAINERS_CONF=$PWD/target/image/containers.conf
}

find_engine
settle_podman
