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
  umount "$work/root/dev" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

# Images of its own: what else is on this machine is neither used nor touched.
run_buildah() { buildah --storage-driver vfs --root "$cache/images" --runroot "$cache/images-run" "$@"; }
log() { printf '\n== %s\n' "$*"; }
size_of() { du -s --block-size=1 --one-file-system "$1" | awk '{ printf "%.1f MB", $1 / 1000000 }'; }

# The name that the Dockerfile begins with, and what is published under it: a small Debian without manuals.
base=$(sed -n 's/^FROM \(.*\) AS build$/\1/p' "$top/addon/Dockerfile")
make_base() {
  local made made_root suite=${base#debian:}
  made=$(run_buildah from scratch)
  made_root=$(run_buildah mount "$made")
  make_root "$made_root" "${suite%-slim}" apt >"$cache/addon-base.log" 2>&1 ||
    cannot "debootstrap failed, see $cache/addon-base.log"
  rm -rf "$made_root"/var/{cache/apt/*.bin,cache/apt/archives/*.deb,lib/apt/lists/*,log/*.log}
  rm -rf "$made_root"/usr/share/{doc,info,locale,man}/*
  printf 'path-exclude /usr/share/%s/*\n' doc info locale man >"$made_root/etc/dpkg/dpkg.cfg.d/docker"
  size_of "$made_root" >"$cache/addon-base.size"
  run_buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$made"
  run_buildah commit --quiet --rm "$made" "docker.io/library/$base" >/dev/null
}

# What stands before the compilers in the PATH of the build, mounted for it and in no image: a repeated build then
# compiles what has changed.
make_compiler_cache() {
  local made tools=$cache/addon-ccache.partial
  rm -rf "$tools" && mkdir -p "$tools/lib"
  made=$(run_buildah from --pull-never "docker.io/library/$base")
  # shellcheck disable=SC2016 # expanded in the container
  run_buildah run --isolation chroot --network host --volume "$tools:/tools" "$made" sh -euc '
    apt-get update -qq && apt-get install -qq -y --no-install-recommends ccache
    cp /usr/bin/ccache /tools
    ldd /usr/bin/ccache | grep -v -E "/(libc|libm|ld-linux[^/]*)\.so" | sed -n "s/.*=> \([^ ]*\).*/\1/p" |
      xargs -I FILE cp -L FILE /tools/lib
  ' >"$cache/addon-ccache.log" 2>&1 || { run_buildah rm "$made" >/dev/null; return 1; }
  run_buildah rm "$made" >/dev/null
  # shellcheck disable=SC2016 # expanded when it runs
  printf '#!/bin/sh\ncd=%s\nCCACHE_DIR=$cd/files LD_LIBRARY_PATH=$cd/lib exec $cd/ccache /usr/bin/c++ "$@"\n' \
    /usr/local/sbin >"$tools/c++"
  chmod 755 "$tools/c++"
  mv "$tools" "$cache/addon-ccache"
}

log "the AppArmor profile"
apparmor_parser --skip-kernel-load --skip-read-cache --debug "$top/addon/apparmor.txt" >"$work/apparmor.log" 2>&1 || {
  cat "$work/apparmor.log"
  exit 1
}

log "a base image $base of Debian's archive"
run_buildah images --quiet "docker.io/library/$base" >/dev/null 2>&1 || make_base
[ -d "$cache/addon-ccache" ] || make_compiler_cache || cannot "no compiler cache, see $cache/addon-ccache.log"

log "the staged folder"
"$top/addon/stage.sh" "$work/staged"
version=$(sed -n 's/^version: //p' "$work/staged/config.yaml")

log "building version $version in it, as the Supervisor would"
begun=$(date +%s)
run_buildah rm --all >/dev/null # what a build that was ended left behind takes a GB each
run_buildah bud --isolation chroot --network host --format docker --pull-never \
  --volume "$cache/addon-ccache:/usr/local/sbin" \
  --build-arg "BUILD_VERSION=$version" --build-arg BUILD_ARCH=amd64 --tag iometer2mqtt-addon \
  --file "$work/staged/Dockerfile" "$work/staged" >"$cache/addon-build.log" 2>&1 || {
  tail -n 40 "$cache/addon-build.log"
  echo "the image cannot be built; all of it: $cache/addon-build.log"
  exit 1
}
# A copy: what the container writes is not in the image.
root=$work/root
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
