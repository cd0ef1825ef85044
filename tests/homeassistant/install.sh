#!/bin/bash
# Puts a Home Assistant Core release where the tests can start it: a small Debian root with a Python that the release
# accepts, Core in a virtual environment, and the requirements that Core fetches at its first start. Cached: a second
# call only checks the stamp.
#
#   install.sh [RELEASE]       RELEASE: 2026.11 (default) or 2025.6; the last line of stdout is the root's path
#
# IOMETER_HOMEASSISTANT_CACHE  parent folder of the roots (default: ${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt)
# IOMETER_DEBIAN_MIRROR        Debian mirror (default: as tests/debian/root.sh finds it)
# Exit code 77: it cannot be installed here; the reason is on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/debian/root.sh
. "$here/../debian/root.sh"
release=${1:-2026.11}
recipe=2 # part of the stamp: raise it when a change below must rebuild the roots that exist
cache=${IOMETER_HOMEASSISTANT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt}
root=$cache/homeassistant-$release
packages=python3,python3-venv,ca-certificates,libturbojpeg0,faketime
limits=()
case $release in
  2026.11) suite=forky ;;
  2025.6)
    suite=trixie
    packages+=,gcc,g++,libc6-dev,python3-dev # some of its wheels do not exist for this Python
    limits=('pycares<5')                     # its aiodns breaks with newer ones
    ;;
  *) echo "install.sh: unknown release '$release' (known: 2026.11, 2025.6)" >&2; exit 2 ;;
esac

cannot() {
  printf '\n*** SKIPPED: Home Assistant Core %s is not installed here and cannot be: %s\n\n' "$release" "$1" >&2
  exit 77
}

log() { printf 'install.sh: %s\n' "$*" >&2; }

# Runs in a mount namespace of its own: nothing stays mounted, however this ends.
build() {
  local partial=$root.partial
  rm -rf --one-file-system "$partial"
  mkdir -p "$partial"
  log "Debian $suite into $partial"
  make_root "$partial" "$suite" "$packages" >"$root.log" 2>&1 || return 1
  mount_system "$partial"
  copy_network_settings "$partial"
  log "Home Assistant Core $release"
  in_root "$partial" root python3 -m venv /venv >>"$root.log" 2>&1 || return 1
  in_root "$partial" root pip install "homeassistant==$release.*" paho-mqtt sqlalchemy "${limits[@]}" \
    >>"$root.log" 2>&1 || return 1
  log "first start, in which Core fetches what its integrations need"
  warm_up "$partial" >>"$root.log" 2>&1 || return 1
  rm -rf "$partial/root/.cache" "$partial"/var/cache/apt/archives/*.deb
  umount -l "$partial/dev" "$partial/proc"
  in_root "$partial" root python -c 'import homeassistant.const as const; print(const.__version__)' \
    >"$partial/.installed.version" || return 1
  echo "$recipe" >"$partial/.installed"
  rm -rf --one-file-system "$root"
  mv "$partial" "$root"
}

# No broker listens: MQTT keeps trying, which is fine, its requirements are fetched before.
warm_up() {
  local partial=$1 config=$1/warm-up core left=300
  python3 "$here/core.py" seed "$config" --http-port 18923 --broker-port 1
  in_root "$partial" root sh -c 'echo $$ >/warm-up/pid; exec python -m homeassistant --config /warm-up' \
    >"$config/core.log" 2>&1 &
  core=$!
  while [ "$left" -gt 0 ] && kill -0 "$core" 2>/dev/null; do
    if grep -q 'Home Assistant initialized in' "$config/core.log"; then break; fi
    sleep 1
    left=$((left - 1))
  done
  kill "$(cat "$config/pid")" 2>/dev/null || true
  wait "$core" || true
  cat "$config/core.log"
  grep -q 'Home Assistant initialized in' "$config/core.log" || return 1
  in_root "$partial" root python -c 'import paho.mqtt, sqlalchemy, hass_frontend' || return 1
  rm -rf "$config"
}

installed() { [ "$(cat "$root/.installed" 2>/dev/null)" = "$recipe" ]; }

if installed; then
  echo "$root"
  exit 0
fi
[ "$(id -u)" = 0 ] || cannot "it needs root (debootstrap); run tests/homeassistant/install.sh as root once"
if [ -z "${IOMETER_HOMEASSISTANT_UNSHARED:-}" ]; then
  IOMETER_HOMEASSISTANT_UNSHARED=1 exec unshare --mount "$0" "$release"
fi
[ -n "$(debian_mirror || true)" ] || cannot "apt on this machine knows no Debian archive; set IOMETER_DEBIAN_MIRROR"
need_debootstrap || cannot "debootstrap is missing"
mkdir -p "$cache"
exec 9>"$root.lock"
flock 9 # a second caller waits here and then finds the work done
if ! installed; then
  build || { tail -n 20 "$root.log" >&2; cannot "a step failed, see $root.log"; }
  log "ready: $root ($(cat "$root/.installed.version"))"
fi
echo "$root"
