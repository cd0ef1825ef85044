#!/bin/bash
# The Debian package as a household uses it: built, looked at by lintian, and installed, run and purged on a fresh Debian
# of this machine's release that systemd has booted, beside a mosquitto and the simulator; without a network but its own.
# Some minutes after the first time, which compiles.
#
#   package.sh [pytest arguments]
#
# Needs root. IOMETER_DEBIAN_CACHE: where the bare root is kept (default: ${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt)
# Exit code 77: skipped, the reason is on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=${IOMETER_DEBIAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt}
# shellcheck source=tests/debian/root.sh
. "$here/root.sh"

cannot() {
  printf '\n*** SKIPPED: the tests of the Debian package: %s\n\n' "$1" >&2
  exit 77
}

[ "$(id -u)" = 0 ] || cannot "they need root (a container)"
# shellcheck source=/dev/null
suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") ||
  cannot "the package is for the Debian that it is built on, and this machine has another system"
"$top/config/install-dependencies.sh" build package package-test
# Mounts go with this process, however it ends.
if [ -z "${IOMETER_DEBIAN_UNSHARED:-}" ]; then
  IOMETER_DEBIAN_UNSHARED=1 exec unshare --mount "$0" "$@"
fi
need_debootstrap || cannot "debootstrap is missing"
[ -n "$(debian_mirror)" ] || cannot "apt on this machine knows no Debian archive; set IOMETER_DEBIAN_MIRROR"

log() { printf '\n== %s\n' "$*"; }

log "building"
cd "$top"
cmake --preset package >/dev/null
cmake --build --preset package
rm -f build/package/*.deb
cpack --preset package >/dev/null
package=$(echo "$top"/build/package/iometer2mqtt_*.deb)
dpkg-deb --info "$package"
dpkg-deb --contents "$package"

log "lintian, mandoc, the shells, systemd-analyze"
# It is not uploaded to Debian, so that no bug asks for it there.
lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$package"
gzip -dc build/package/debian/iometer2mqtt.1.gz | mandoc -T lint -W warning
bash -n build/package/debian/iometer2mqtt.bash
zsh -n build/package/debian/iometer2mqtt.zsh
fish --no-execute build/package/debian/iometer2mqtt.fish
for unit in build/package/debian/*.service; do
  # In tenths: what can be taken away without a loss is.
  systemd-analyze security --offline=yes --no-pager --threshold=15 "$unit" | tail -n 1
done

log "a fresh $suite"
bare=$cache/debian-$suite-systemd
if [ ! -f "$bare/.complete" ]; then
  rm -rf --one-file-system "$bare"
  mkdir -p "$bare"
  make_root "$bare" "$suite" systemd,dbus,ca-certificates,mosquitto,mosquitto-clients,man-db,bash-completion \
    >"$bare.log" 2>&1 || cannot "debootstrap failed, see $bare.log"
  touch "$bare/.complete"
fi
work=$(mktemp -d)
nspawn=
# shellcheck disable=SC2317 # called at the end
cleanup() {
  if [ -n "$nspawn" ]; then
    kill -KILL "$nspawn" 2>/dev/null || true
    wait "$nspawn" 2>/dev/null || true
  fi
  umount -l "$work/root/dev" "$work/root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
root=$work/root
cp -a "$bare" "$root"
cp "$package" "$root/root/iometer2mqtt.deb"
# What the package depends on is fetched here, since the container has no network.
copy_network_settings "$root"
mount_system "$root"
fetch='apt-get update -qq && apt-get install -qq -y --download-only /root/iometer2mqtt.deb'
in_root "$root" root sh -c "$fetch" >"$work/apt.log" 2>&1 || {
  cat "$work/apt.log"
  cannot "what the package depends on cannot be fetched"
}
umount -l "$root/dev" "$root/proc"

log "booting it"
# A unit of its own where this machine has a systemd that could give one.
register=(--register=no)
[ -d /run/systemd/system ] || register+=(--keep-unit)
systemd-nspawn --quiet --boot --directory "$root" --machine "iometer2mqtt-$$" --private-network --console=pipe \
  --resolv-conf=off --timezone=off "${register[@]}" </dev/null >"$work/nspawn.log" 2>&1 &
nspawn=$!
until leader=$(pgrep --parent "$nspawn"); do
  kill -0 "$nspawn" 2>/dev/null || { cat "$work/nspawn.log"; cannot "systemd-nspawn does not work on this machine"; }
  sleep 0.1
done

log "running it"
IOMETER_CONTAINER=$leader PYTHONDONTWRITEBYTECODE=1 \
  /usr/bin/python3 -m pytest -q -x -p no:cacheprovider "$@" "$here/test_package.py"
