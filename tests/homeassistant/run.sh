#!/bin/bash
# Real Home Assistant Core in front of the bridge: installs Core where it is missing, then runs the tests in a network
# namespace that has a loopback and nothing else.
#
#   run.sh [test file or unittest name …]     default: all of this folder
#
# IOMETER2MQTT_BINARY             the program (default: the one that the dev preset builds)
# IOMETER_CATALOGUE               prints its catalogue (likewise)
# IOMETER_KEEP                    1 keeps the logs of each scene
# IOMETER_HOMEASSISTANT_RELEASE   2026.11 (default) or 2025.6
# Exit code 77: skipped, the reason is on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)

cannot() {
  printf '\n*** SKIPPED: the tests with Home Assistant Core: %s\n\n' "$1" >&2
  exit 77
}

missing=()
need() { "${@:2}" >/dev/null 2>&1 || missing+=("$1"); }
need mosquitto command -v mosquitto
need mosquitto-clients command -v mosquitto_sub
need iproute2 command -v ip
need python3-websocket /usr/bin/python3 -c 'import websocket'
need python3-jinja2 /usr/bin/python3 -c 'import jinja2'
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || cannot "packages are missing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >&2 ||
    cannot "packages cannot be installed: ${missing[*]}"
fi

[ "$(id -u)" = 0 ] || cannot "they need root (a chroot and a network namespace)"
# A failed install passes its exit code on: 77 stays 77.
IOMETER_HOMEASSISTANT_ROOT=$("$here/install.sh" "${IOMETER_HOMEASSISTANT_RELEASE:-2026.11}" | tail -n 1)
export IOMETER_HOMEASSISTANT_ROOT
export IOMETER2MQTT_BINARY=${IOMETER2MQTT_BINARY:-$top/build/dev/src/iometer2mqtt}
export IOMETER_CATALOGUE=${IOMETER_CATALOGUE:-$top/build/dev/tests/iometer_catalogue}
cd "$here"
result=0
# The shell in between has no job to do but to bring the loopback up.
unshare --net sh -c 'ip link set lo up && exec /usr/bin/python3 -B -m unittest "$@" -v' sh "${@:-discover}" || result=$?
printf 'tests with Home Assistant Core %s: %s in %d s\n' "$(cat "$IOMETER_HOMEASSISTANT_ROOT/.installed.version")" \
  "$([ "$result" = 0 ] && echo passed || echo FAILED)" "$SECONDS" >&2
exit "$result"
