#!/bin/bash
# README's two commands on machines that have git and nothing else: a fresh Debian in a chroot, first as root, then as a
# user who finds the packages there. Tests the last commit, not the working tree. About 12 minutes a suite.
#
#   run.sh [SUITE ...]      default: bookworm trixie
#
# Needs root. IOMETER_DEBIAN_CACHE: where the bare roots are kept (default: ${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt)
# Exit code 77: skipped, the reason is on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=${IOMETER_DEBIAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iometer2mqtt}
# shellcheck source=tests/debian/root.sh
. "$here/root.sh"

cannot() {
  printf '\n*** SKIPPED: the tests on a fresh Debian: %s\n\n' "$1" >&2
  exit 77
}

[ "$(id -u)" = 0 ] || cannot "they need root (a chroot)"
if [ -z "${IOMETER_DEBIAN_UNSHARED:-}" ]; then
  IOMETER_DEBIAN_UNSHARED=1 exec unshare --mount --pid --fork "$0" "$@"
fi
need_debootstrap || cannot "debootstrap is missing"
[ -n "$(debian_mirror)" ] || cannot "apt on this machine knows no Debian archive; set IOMETER_DEBIAN_MIRROR"

log() { printf '\n== %s: %s\n' "$suite" "$*"; }

# Copies the bare root, which is made once.
fresh_root() {
  local bare=$cache/debian-$suite
  if [ ! -f "$bare/.complete" ]; then
    rm -rf --one-file-system "$bare"
    mkdir -p "$bare"
    make_root "$bare" "$suite" git,ca-certificates >"$bare.log" 2>&1 || cannot "debootstrap failed, see $bare.log"
    touch "$bare/.complete"
  fi
  cp -a "$bare/." "$root"
  copy_network_settings "$root"
  mount_system "$root"
}

# demo USER SECONDS: values of at least two meters, exit code 0
demo() {
  in_root "$root" "$1" sh -c "cd ~/checkout && config/demo.sh --seconds $2" >"$work/demo.log" 2>&1 || {
    cat "$work/demo.log"
    echo "the demo failed"
    exit 1
  }
  local meters
  meters=$(sed -nE 's/^[0-9:]{8}  ([0-9A-Z]+) .* kWh .* W.*/\1/p' "$work/demo.log" | sort -u | wc -l)
  [ "$meters" -ge 2 ] || { cat "$work/demo.log"; echo "the demo showed $meters meters"; exit 1; }
  tail -n 1 "$work/demo.log"
}

check() {
  local user=$1 begun
  git clone -q --no-hardlinks "$top" "$work/checkout"
  rm -rf "$root/$2/checkout"
  mv "$work/checkout" "$root/$2/checkout"
  in_root "$root" root chown -R "$user:" "/$2/checkout"
  log "config/demo.sh as $user"
  demo "$user" 30
  begun=$(date +%s)
  demo "$user" 5
  log "a second demo of 5 seconds took $(($(date +%s) - begun)) s"
  log "tests/run.sh as $user"
  in_root "$root" "$user" sh -c 'cd ~/checkout && tests/run.sh' >"$work/tests.log" 2>&1 || {
    tail -n 60 "$work/tests.log"
    echo "the tests failed"
    exit 1
  }
  grep -E 'tests passed|Total Test time' "$work/tests.log"
}

[ $# -gt 0 ] || set -- bookworm trixie
for suite in "$@"; do
  work=$(mktemp -d)
  root=$work/root
  mkdir "$root"
  fresh_root
  check root root
  in_root "$root" root useradd --create-home visitor
  check visitor home/visitor
  umount -l "$root/dev" "$root/proc"
  rm -rf --one-file-system "$work"
done
