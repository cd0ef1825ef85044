# shellcheck shell=bash
# Images built without any registry, from a Dockerfile and a base that is made here of Debian's archive: sourced by
# tests/addon/run.sh and tests/container/run.sh after root.sh. Needs root and buildah, and the caller's $top, $cache,
# log() and cannot().
# shellcheck disable=SC2154

# Images of its own: what else is on this machine is neither used nor touched.
run_buildah() { buildah --storage-driver vfs --root "$cache/images" --runroot "$cache/images-run" "$@"; }
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

make_image_cache() {
  log "a base image $base of Debian's archive"
  run_buildah images --quiet "docker.io/library/$base" >/dev/null 2>&1 || make_base
  [ -d "$cache/addon-ccache" ] || make_compiler_cache || cannot "no compiler cache, see $cache/addon-ccache.log"
}

# build_image DOCKERFILE CONTEXT OPTION ...
build_image() {
  local file=$1 context=$2
  shift 2
  run_buildah rm --all >/dev/null # what a build that was ended left behind takes a GB each
  run_buildah bud --isolation chroot --network host --format docker --pull-never \
    --volume "$cache/addon-ccache:/usr/local/sbin" "$@" --file "$file" "$context"
}
