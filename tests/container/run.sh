#!/bin/bash
# The image of config/Dockerfile, built without any registry, and run as README says: as its own user, without
# capabilities, on a root that is read-only but for the state. Beside it a mosquitto and the image's own simulator, in a
# network namespace that has a loopback and nothing else. About ten minutes the first time, most of it compiling.
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
  printf '\n*** SKIPPED: the tests of the image: %s\n\n' "$1" >&2
  exit 77
}
log() { printf '\n== %s\n' "$*"; }
fail() {
  printf '\n*** %s\n' "$1" >&2
  cat "$work"/*.log >&2
  exit 1
}

[ "$(id -u)" = 0 ] || cannot "they need root (a chroot and namespaces)"
"$top/config/install-dependencies.sh" container-test
# Mounts and processes go with this one, however it ends.
if [ -z "${IOMETER_CONTAINER_UNSHARED:-}" ]; then
  IOMETER_CONTAINER_UNSHARED=1 exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi
need_debootstrap || cannot "debootstrap is missing"
[ -n "$(debian_mirror)" ] || cannot "apt on this machine knows no Debian archive; set IOMETER_DEBIAN_MIRROR"

mkdir -p "$cache"
work=$(mktemp -d)
trap 'umount -l "$work/image/state" "$work/image" 2>/dev/null; rm -rf --one-file-system "$work"' EXIT

make_image_cache
log "building"
# Of the checkout, without what is built in it.
git -C "$top" ls-files -z CMakeLists.txt CMakePresets.json README.md CHANGELOG.md config src |
  tar -C "$top" -c --null -T - | { mkdir "$work/context" && tar -C "$work/context" -x; }
build_image "$work/context/config/Dockerfile" "$work/context" --tag iometer2mqtt >"$cache/container-build.log" 2>&1 || {
  tail -n 40 "$cache/container-build.log"
  echo "the image cannot be built; all of it: $cache/container-build.log"
  exit 1
}
container=$(run_buildah from --pull-never localhost/iometer2mqtt)
cp -a "$(run_buildah mount "$container")" "$work/image"
run_buildah rm "$container" >/dev/null
image() { run_buildah inspect --type image --format "{{$1}}" localhost/iometer2mqtt; }
log "the image has $(size_of "$work/image"), of which the base $(cat "$cache/addon-base.size")"

user=$(image .OCIv1.Config.User)
[[ $user =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail "the image's user is \"$user\", and no number of somebody without rights"
setuid=$(find "$work/image" -xdev -type f -perm /6000)
[ -z "$setuid" ] || fail "programs that give rights: $setuid"
[ "$(image .OCIv1.Config.Entrypoint) $(image .OCIv1.Config.Cmd)" = "[iometer2mqtt] [run]" ] || fail "another command"

log "running it"
# As the engine would mount them: the volume begins as the image's folder; configuration and secret are read-only.
mkdir "$work/image/config" "$work/volume"
cp -a "$work/image/state/." "$work/volume"
chown --reference="$work/image/state" "$work/volume"
chmod --reference="$work/image/state" "$work/volume"
cat >"$work/image/config/iometer2mqtt.yaml" <<'END'
partner: {id: me, url: "http://127.0.0.1:8080/api/v1/query"}
mqtt: {url: "mqtt://127.0.0.1:1883"}
END
printf 'Container-Secret-4715' >"$work/image/config/partner-secret"
chown "$user" "$work/image/config/partner-secret"
chmod 400 "$work/image/config/partner-secret"
mount --bind "$work/image" "$work/image"
mount --bind "$work/volume" "$work/image/state"
mount -o remount,bind,ro "$work/image"
printf 'listener 1883 127.0.0.1\nallow_anonymous true\nuser root\n' >"$work/mosquitto.conf"

# In the image as its user, with its variables and no capabilities.
inside() {
  exec chroot --userspec="$user" --groups= "$work/image" /usr/bin/env -i \
    "$(image '(index .OCIv1.Config.Env 0)')" "$(image '(index .OCIv1.Config.Env 1)')" "$@"
}
run_all() {
  ip link set lo up
  mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
  (inside iometer2mqtt simulate --partner-id me --secret-file /config/partner-secret --cadence 1s) \
    >"$work/simulator.log" 2>&1 &
  (inside IOMETER2MQTT_PARTNER_SECRET_FILE=/config/partner-secret iometer2mqtt run --config /config/iometer2mqtt.yaml) \
    >"$work/bridge.log" 2>&1 &
  local bridge=$! deadline=$((SECONDS + 10))
  until mosquitto_sub -t '#' -E -W 5 >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || fail "no broker"
    sleep 0.1
  done
  [ "$(mosquitto_sub -R -t 'iometer/meter/+/reading' -C 3 -W 30 | grep -c '"values"')" = 3 ] || fail "no readings"
  [ "$(stat -c %u "$work/volume/state.json")" = "${user%:*}" ] || fail "no state of its own"
  kill -TERM "$bridge"
  wait "$bridge" || fail "the end of the bridge: $?"
  [ "$(mosquitto_sub -t iometer/bridge/state -C 1 -W 5)" = offline ] || fail "it did not say that it went"
  ! grep -r Container-Secret "$work"/*.log "$work/volume" || fail "the secret was written"
}
export -f run_all inside image fail run_buildah
export work user cache
unshare --net bash -euo pipefail -c run_all
log "it reads with its own user, keeps its state, and ends as asked"
