#!/usr/bin/env bash
# Prints where a program is: on the PATH, or taken out of a package of Debian or Ubuntu into
# target/debian. Taken out, because installing such a package would start a server.
# What can't be had is said in one line, and the exit code is 77.
#   scripts/from-debian.sh promtool prometheus
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
package=$2
place=$PWD/target/debian
program=$place/$name
have() { command -v "$1" >/dev/null 2>&1; }

# Nothing but this script's own words goes to standard output.
unpack() (
  have apt-get && have dpkg-deb || return 1
  folder=$(mktemp -d "$place/new.XXXXXX")
  trap 'rm -rf "$folder"' EXIT
  cd "$folder"
  quietly=(-qq -o DPkg::Lock::Timeout=300)
  if [ "$(id -u)" -eq 0 ]; then
    # The user _apt may not write here.
    quietly+=(-o APT::Sandbox::User=root)
    apt-cache show "$package" >/dev/null 2>&1 || apt-get "${quietly[@]}" update || return 1
  fi
  apt-get "${quietly[@]}" download "$package" || return 1
  dpkg-deb --fsys-tarfile "${package}"_*.deb | tar -x "./usr/bin/$name" || return 1
  # Complete or not at all, whoever else does the same at this moment.
  mv "usr/bin/$name" "$program"
)

if have "$name"; then
  command -v "$name"
  exit
fi
if [ ! -x "$program" ]; then
  mkdir -p "$place"
  echo "taking $name out of the package $package ..." >&2
  if ! unpack >&2; then
    echo "$name is missing and can't be had here (Debian, Ubuntu: package $package)" >&2
    exit 77
  fi
fi
printf '%s\n' "$program"
