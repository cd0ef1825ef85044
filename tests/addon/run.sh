#!/bin/bash
# The Home Assistant add-on as a user's machine would have it: staged, built from its Dockerfile without any registry
# (the base image is made here from Debian's archive), and run beside a stand-in for the Supervisor, a mosquitto with a
# password and the simulator, in a network namespace that has a loopback and nothing else. About ten minutes, most of
# it compiling.
#
#   run.sh [pytest arguments]
#
# Needs root. IOMETER_ADDON_CACHE: where base, images and layers are kept (default:
# ${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt). Exit code 77: skipped, the reason is on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=${IOMETER_ADDON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt}
# shellcheck source=tests/debian/root.sh
. "$here/../debian/root.sh"
# shellcheck source=tests/debian/image.sh
. "$here/../debian/image.sh"

cannot() {
  printf '\n*** SKIPPED: the tests of the add-on: %s\n\n' "$1" >&2
  exit 77
}

[ "$(id -u)" = 0 ] || cannot "they need root (a chroot and a network namespace)"
missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need buildah buildah
need apparmor_parser apparmor
need mosquitto mosquitto
need ip iproute2
need strace strace
if [ ${#missing[@]} -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >&2 ||
    cannot "packages cannot be installed: ${missing[*]}"
fi
# Mounts that the build and the container need go with this process, however it ends.
if [ -z "${IOMETER_ADDON_UNSHARED:-}" ]; then
  IOMETER_ADDON_UNSHARED=1 exec unshare --mount "$0" "$@"
fi
need_debootstrap || cannot "debootstrap is missing"
[ -n "$(debian_mirror)" ] || cannot "apt on this machine knows no Debian archive; set IOMETER_DEBIAN_MIRROR"

mkdir -p "$cache"
work=$(mktemp -d)
cleanup() {
  umount "$work/image/dev" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

log() { printf '\n== %s\n' "$*"; }

log "the AppArmor profile"
apparmor_parser --skip-kernel-load --skip-read-cache --debug "$top/addon/apparmor.txt" >"$work/apparmor.log" 2>&1 || {
  cat "$work/apparmor.log"
  exit 1
}

make_image_cache

log "the staged folder"
"$top/addon/stage.sh" "$work/staged"
version=$(sed -n 's/^version: //p' "$work/staged/config.yaml")

log "building version $version in it, as the Supervisor would"
begun=$(date +%s)
build_image "$work/staged/Dockerfile" "$work/staged" --build-arg "BUILD_VERSION=$version" --build-arg BUILD_ARCH=amd64 \
  --tag iometer2mqtt-addon >"$cache/addon-build.log" 2>&1 || {
  tail -n 40 "$cache/addon-build.log"
  echo "the image cannot be built; all of it: $cache/addon-build.log"
  exit 1
}
# A copy: what the container writes is not in the image.
root=$work/image
container=$(run_buildah from --pull-never localhost/iometer2mqtt-addon)
cp -a "$(run_buildah mount "$container")" "$root"
run_buildah rm "$container" >/dev/null
run_buildah inspect --type image localhost/iometer2mqtt-addon >"$work/image.json"
compressed=$(tar -C "$root" -c . | gzip -6 | wc -c | awk '{ printf "%.1f MB", $1 / 1000000 }')
log "built in $(($(date +%s) - begun)) s; the image has $(size_of "$root"), of which the base" \
  "$(cat "$cache/addon-base.size"); compressed $compressed"

log "running it"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null:3 zero:5 random:8 urandom:9; do
  mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
done
IOMETER_ADDON_ROOT=$root IOMETER_ADDON_IMAGE=$work/image.json PYTHONDONTWRITEBYTECODE=1 \
  unshare --net sh -c 'ip link set lo up && ip address add 172.30.32.2/32 dev lo &&
    exec /usr/bin/python3 -m pytest -q -p no:cacheprovider "$@"' sh "$here/test_container.py" "$@"
