#!/usr/bin/env bash
# Runs promtool with the arguments given, or prints where it is with --path. Where PATH
# has none, it is taken out of Debian's package `prometheus` into target/promtool: out of,
# because installing that package would start a server. What can't be had is said in one
# loud line, and the exit code is 3.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$PWD/target/promtool
have() { command -v "$1" >/dev/null 2>&1; }

# Nothing but this script's own words goes to standard output.
unpack() (
  have apt-get && have dpkg-deb || return 1
  folder=$(mktemp -d "$PWD/target/promtool/new.XXXXXX")
  trap 'rm -rf "$folder"' EXIT
  cd "$folder"
  quietly=(-qq -o DPkg::Lock::Timeout=300)
  if [ "$(id -u)" -eq 0 ]; then
    # The user _apt may not write here.
    quietly+=(-o APT::Sandbox::User=root)
    apt-cache show prometheus >/dev/null 2>&1 || apt-get "${quietly[@]}" update || return 1
  fi
  apt-get "${quietly[@]}" download prometheus || return 1
  dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool || return 1
  # Complete or not at all, whoever else does the same at this moment.
  mv usr/bin/promtool "$place/promtool"
)

if have promtool; then
  program=$(command -v promtool)
else
  program=$place/promtool
  if [ ! -x "$program" ]; then
    mkdir -p target/promtool
    echo "promtool: taking it out of the package prometheus into target/promtool ..." >&2
    if ! unpack >&2; then
      echo "SKIPPED !!! ALERT RULES ARE NOT TESTED: promtool is missing and can't be had here (package prometheus of Debian) !!!" >&2
      exit 3
    fi
  fi
fi

if [ "${1:-}" = --path ]; then
  printf '%s\n' "$program"
else
  exec "$program" "$@"
fi
