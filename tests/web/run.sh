#!/bin/bash
# The status page in Chromium, against the built program with the simulator and a mosquitto.
#
#   run.sh [pytest arguments …]      default: all of this folder
#
# IOMETER2MQTT_BINARY  the program (default: the one that the dev preset builds)
# IOMETER_PICTURES     folder for pictures of the page (default: none are kept)
# Exit code 77: skipped, the reason is on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

cannot() {
  printf '\n*** SKIPPED: the status page in a browser: %s\n\n' "$1" >&2
  exit 77
}

if ! command -v chromium >/dev/null; then
  [ "$(id -u)" = 0 ] || cannot "chromium is missing"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >&2 ||
    cannot "chromium cannot be installed"
fi
export IOMETER2MQTT_BINARY=${IOMETER2MQTT_BINARY:-$here/../../build/dev/src/iometer2mqtt}
export PYTHONDONTWRITEBYTECODE=1
cd "$here"
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider "$@"
