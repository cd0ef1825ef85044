#!/bin/sh
# Shows iometer2mqtt at work on this machine: installs what is missing, builds, starts a mosquitto of its own on a free
# port of the loopback interface, and runs the simulator and the bridge against it until Ctrl-C.
#   config/demo.sh [--seconds N] [other options of `iometer2mqtt demo`]
set -eu
cd "$(dirname "$0")/.."

config/install-dependencies.sh build demo
[ -f build/release/build.ninja ] || cmake --preset release -DIOMETER_TESTS=OFF >/dev/null
echo "Building (the first time takes a few minutes) ..."
work=$(mktemp -d)
cmake --build --preset release --target iometer2mqtt >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }

broker=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
  [ -z "$broker" ] || kill "$broker" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

PATH=$PATH:/usr/sbin
# mosquitto cannot choose a free port by itself: try until one is free.
for try in 1 2 3 4 5 6 7 8 9 10; do
  port=$((20000 + ($$ * 7 + try * 997) % 30000))
  printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence false\n' "$port" >"$work/mosquitto.conf"
  mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
  broker=$!
  for _ in $(seq 50); do
    if grep -q 'Opening ipv4 listen socket' "$work/mosquitto.log" && grep -q 'running' "$work/mosquitto.log"; then
      break 2
    fi
    kill -0 "$broker" 2>/dev/null || break
    sleep 0.1
  done
  kill "$broker" 2>/dev/null || true
  broker=
done
[ -n "$broker" ] || { echo "mosquitto did not start:" >&2; cat "$work/mosquitto.log" >&2; exit 1; }

# exec would skip the clean-up; Ctrl-C reaches the demo as well, which ends by itself.
code=0
build/release/src/iometer2mqtt demo --mqtt-url "mqtt://127.0.0.1:$port" "$@" || code=$?
exit "$code"
