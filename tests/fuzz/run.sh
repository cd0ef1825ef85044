#!/bin/bash
# Runs the fuzz targets: installs what they need, builds the preset fuzz, runs as many at a time as there are processors.
#
#   run.sh [SECONDS [TARGET ...]]      default: 600 each, all targets
#
# New inputs go to build/fuzz/found/TARGET, what libFuzzer says to build/fuzz/log/TARGET, an input that breaks a
# property to build/fuzz/findings; its path is printed. Exit code 1: there is a finding.
# To take new inputs over, only those that reach new code:
#   build/fuzz/tests/fuzz/TARGET_fuzz -merge=1 tests/fuzz/corpus/TARGET build/fuzz/found/TARGET
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=600
if [ $# -gt 0 ]; then
  seconds=$1
  shift
fi
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "\"$seconds\" is no number of seconds" >&2; exit 2; }
if [ $# = 0 ]; then
  for file in tests/fuzz/*_fuzz.cpp; do
    target=${file##*/}
    set -- "$@" "${target%_fuzz.cpp}"
  done
fi
for target in "$@"; do
  [ -f "tests/fuzz/${target}_fuzz.cpp" ] || { echo "there is no tests/fuzz/${target}_fuzz.cpp" >&2; exit 2; }
done

config/install-dependencies.sh build fuzz
cmake --workflow --preset fuzz

build=build/fuzz
mkdir -p $build/found $build/log $build/findings

# One libFuzzer command a line. Longer texts only repeat the form; an input takes far less than a millisecond.
commands() {
  for target in "$@"; do
    case $target in
      obis | time) max_len=64 ;;
      decimal) max_len=128 ;;
      *) max_len=4096 ;;
    esac
    mkdir -p "$build/found/$target"
    echo "$build/tests/fuzz/${target}_fuzz -max_total_time=$seconds -max_len=$max_len -timeout=10" \
      "-rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix=$build/findings/$target-" \
      "$build/found/$target tests/fuzz/corpus/$target >$build/log/$target 2>&1"
  done
}

failed=0
commands "$@" | xargs -P "$(nproc)" -d '\n' -n 1 sh -c || failed=1

for target in "$@"; do
  log=$build/log/$target
  printf '%-10s %12s executions\n' "$target" "$(sed -nE 's/^stat::number_of_executed_units: *//p' "$log")"
  if grep -q 'Test unit written to' "$log"; then
    failed=1
    grep -E 'does not hold|^SUMMARY' "$log" || true
    sed -nE 's/.*Test unit written to /finding: /p' "$log"
  fi
done
exit $failed
