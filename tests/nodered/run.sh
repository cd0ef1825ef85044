#!/bin/bash
# The example flows in a real Node-RED, and the Telegraf configuration in a real Telegraf: installs what is missing,
# then runs the tests against the built program with the simulator, a mosquitto and an InfluxDB.
#
#   run.sh [pytest arguments …]      default: all of this folder
#
# IOMETER2MQTT_BINARY  the program (default: the one that the dev preset builds)
# IOMETER_PICTURES     folder for a picture of the editor with the flows (default: none is kept)
# Exit code 77: skipped, the reason is on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt/node-red

cannot() {
  printf '\n*** SKIPPED: the tests with Node-RED: %s\n\n' "$1" >&2
  exit 77
}

missing=()
need() { "${@:2}" >/dev/null 2>&1 || missing+=("$1"); }
need mosquitto command -v mosquitto
need npm command -v npm
need golang-go command -v go
need chromium command -v chromium
need fonts-dejavu-core test -e /usr/share/fonts/truetype/dejavu
need python3-websocket /usr/bin/python3 -c 'import websocket'
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || cannot "packages are missing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >&2 ||
    cannot "packages cannot be installed: ${missing[*]}"
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # a second caller waits here and then finds the work done

# Node-RED with a Node.js of its own: it asks for a newer one than Debian has. No package's script runs.
if ! cmp -s "$here/package-lock.json" "$cache/installed-package-lock.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$cache"
  (cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund) >"$cache/npm.log" 2>&1 ||
    cannot "npm cannot install it, see $cache/npm.log"
  cp "$here/package-lock.json" "$cache/installed-package-lock.json"
fi

# Debian's InfluxDB, unpacked beside: installed, it would begin to run on this machine.
if [ ! -x "$cache/influxdb/usr/bin/influxd" ]; then
  (cd "$cache" && rm -f influxdb_*.deb && apt-get download influxdb && dpkg-deb -x influxdb_*.deb influxdb) \
    >"$cache/influxdb.log" 2>&1 || cannot "InfluxDB cannot be fetched from Debian, see $cache/influxdb.log"
fi

/usr/bin/python3 -B "$here/telegraf.py" "$cache" >"$cache/telegraf.log" 2>&1 ||
  cannot "Telegraf cannot be built, see $cache/telegraf.log"
exec 9>&-

export IOMETER_NODE_RED=$cache
export IOMETER2MQTT_BINARY=${IOMETER2MQTT_BINARY:-$here/../../build/dev/src/iometer2mqtt}
export PYTHONDONTWRITEBYTECODE=1
cd "$here"
exec /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider "$@"
