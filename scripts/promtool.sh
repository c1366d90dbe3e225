#!/usr/bin/env bash
# Runs promtool with the arguments given, or prints where it is with --path. What can't be had
# is said in one loud line, and the exit code is 3.
set -euo pipefail
if ! program=$("$(dirname "$0")/from-debian.sh" promtool prometheus); then
  echo "SKIPPED !!! ALERT RULES ARE NOT TESTED: promtool is missing and can't be had here (package prometheus of Debian) !!!" >&2
  exit 3
fi
if [ "${1:-}" = --path ]; then
  printf '%s\n' "$program"
else
  exec "$program" "$@"
fi
