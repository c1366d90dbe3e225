#!/usr/bin/env bash
# Checks what it takes to build, run and test, and installs what is missing:
# with apt-get on Debian and Ubuntu, with Homebrew on macOS. What can't be
# installed here is named. Silent and quick when everything is there. With
# --browser also the browser that the tests look at pages with, with --clock what
# the proof with a wrong clock needs, and with --image what builds container images
# where no Docker is, where apt-get has them.
set -euo pipefail

POSTGRES_OLDEST=15
options=$*

have() { command -v "$1" >/dev/null 2>&1; }
asked() { [[ " $options " == *" $1 "* ]]; }
say() { printf '%s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    say "prerequisites: this needs root and there is no sudo; run as root: $*"
    return 1
  fi
}

# Whether a folder holds the programs of a PostgreSQL that is new enough.
postgres_in() {
  [ -x "$1/initdb" ] && [ -x "$1/postgres" ] || return 1
  local version
  version=$("$1/postgres" --version 2>/dev/null) || return 1
  version=${version##*PostgreSQL) }
  version=${version%%[!0-9]*}
  [ -n "$version" ] && [ "$version" -ge "$POSTGRES_OLDEST" ]
}

# The places where oc looks (src/local/programs.rs), then the PATH.
have_postgres() {
  local folder
  for folder in \
    ${OC_POSTGRES:+"$OC_POSTGRES" "$OC_POSTGRES/bin"} \
    /usr/lib/postgresql/*/bin \
    /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql@*/bin \
    /usr/local/opt/postgresql@*/bin \
    /Applications/Postgres.app/Contents/Versions/*/bin; do
    if postgres_in "$folder"; then return 0; fi
  done
  have initdb && have postgres && postgres_in "$(dirname "$(command -v postgres)")"
}

# On macOS /usr/bin/cc exists even where no compiler is installed behind it.
have_compiler() {
  if [ "$(uname -s)" = Darwin ]; then
    xcode-select -p >/dev/null 2>&1
  else
    have cc
  fi
}

install_with_apt() {
  say "prerequisites: installing $* ..."
  # Debian's postgresql starts a server for the whole machine; oc brings its own.
  local clusters=/etc/postgresql-common/createcluster.conf
  if [ ! -e "$clusters" ]; then
    as_root mkdir -p "$(dirname "$clusters")" || return 1
    echo "create_main_cluster = false" | as_root tee "$clusters" >/dev/null || return 1
  fi
  as_root apt-get update -qq </dev/null >&2 ||
    say "prerequisites: the package lists could not be refreshed; trying with those that are there"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold "$@" </dev/null >&2
}

missing=0
lacks() {
  missing=1
  say "prerequisites: $1"
}

packages=()
have_compiler || packages+=(build-essential)
have make || packages+=(make)
have_postgres || packages+=(postgresql)
# Only tests need these, and they say loudly when they are missing. Started by hand only.
if have apt-get && ! have redis-server; then packages+=(redis-server); fi
if have apt-get && ! have pdftotext; then packages+=(poppler-utils); fi
if asked --browser && have apt-get && ! have chromedriver; then packages+=(chromium chromium-driver fonts-noto-core); fi
if asked --clock && have apt-get && ! ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then
  packages+=(libfaketime)
fi
if asked --image && have apt-get && ! have podman; then
  packages+=(podman buildah runc uidmap ca-certificates)
fi

if [ "${#packages[@]}" -gt 0 ]; then
  if have apt-get; then
    install_with_apt "${packages[@]}" || say "prerequisites: apt-get did not succeed"
  elif [ "$(uname -s)" = Darwin ] && have brew && ! have_postgres; then
    say "prerequisites: installing postgresql@17 ..."
    brew install postgresql@17 </dev/null >&2 || say "prerequisites: brew did not succeed"
  fi
fi

if ! have_compiler; then
  case $(uname -s) in
    Darwin) lacks "a C compiler is missing; install it with: xcode-select --install" ;;
    *) lacks "a C compiler is missing; install gcc (Debian, Ubuntu: build-essential; Fedora: gcc; Alpine: build-base)" ;;
  esac
fi
have make || lacks "make is missing; install the package make"
if ! have_postgres; then
  lacks "PostgreSQL $POSTGRES_OLDEST or newer is missing: its programs initdb and postgres. Install them from https://www.postgresql.org/download/, or name their folder in OC_POSTGRES. No server has to be set up."
fi
if ! have cargo; then
  if [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    lacks "Rust is installed, but cargo is not on the PATH; run: . \"${CARGO_HOME:-$HOME/.cargo}/env\""
  else
    lacks "Rust is missing; install rustup from https://rustup.rs (it fetches the version that rust-toolchain.toml names by itself), then open a new shell"
  fi
fi
exit "$missing"
