#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (60) and prints a table; fails if one of
# them finds something. With names, only those targets. Works with a stable
# compiler: the instrumentation is LLVM's own, and no sanitizer is needed where
# unsafe code is forbidden.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
seconds=${FUZZ_SECONDS:-60}
# What is found goes here; the corpus that is committed is only read.
found=$root/target/fuzz-found
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"

if ! command -v c++ >/dev/null 2>&1; then
  echo "fuzz: a C++ compiler is missing, which the fuzzer is built with; install g++ (Debian, Ubuntu: build-essential)" >&2
  exit 1
fi

# With a target triple the flags are for the program alone, not for build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
folder=${CARGO_TARGET_DIR:-$root/target}/fuzz
echo "fuzz: building the targets; the first time takes some minutes ..."
(cd fuzz && RUSTFLAGS="$coverage" CARGO_TARGET_DIR=$folder cargo build --locked --quiet --release --target "$host")

if [ "$#" -eq 0 ]; then
  for file in fuzz/fuzz_targets/*.rs; do set -- "$@" "$(basename "$file" .rs)"; done
fi

number() { sed -n "s/^stat::$2: *//p" "$1"; }

failed=""
printf '%-18s %12s %10s %8s  %s\n' target runs "runs/s" corpus findings
for target in "$@"; do
  words=fuzz/dictionaries/json.dict
  if [ -e "fuzz/dictionaries/$target.dict" ]; then words=fuzz/dictionaries/$target.dict; fi
  mkdir -p "$found/$target/corpus"
  log=$found/$target/log
  status=0
  "$folder/$host/release/$target" "$found/$target/corpus" "fuzz/corpus/$target" -dict="$words" \
    -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$found/$target/" >"$log" 2>&1 || status=$?
  result=none
  if [ "$status" -ne 0 ]; then
    result="FAILED, see $log"
    failed="$failed $target"
  fi
  corpus=$(find "$found/$target/corpus" "fuzz/corpus/$target" -type f | wc -l)
  printf '%-18s %12s %10s %8s  %s\n' "$target" "$(number "$log" number_of_executed_units)" \
    "$(number "$log" average_exec_per_sec)" "$corpus" "$result"
done

for target in $failed; do
  printf '\n=== %s\n' "$target"
  grep -m 1 -A 4 -E 'panicked at|ERROR: libFuzzer' "$found/$target/log" || tail -n 5 "$found/$target/log"
  echo "Its input is in $found/$target/; to see it again, and to make it smaller:"
  echo "  $folder/$host/release/$target FILE"
  echo "  $folder/$host/release/$target -minimize_crash=1 -runs=10000 FILE"
done
[ -z "$failed" ]
