# shellcheck shell=bash
# Debian roots for tests that need a system of their own: sourced by tests/debian/run.sh and
# tests/homeassistant/install.sh. Needs root and debootstrap.

# Prints the Debian mirror of this machine's apt: both forms of sources; the first archive of Debian itself, not its
# security or other archives. IOMETER_DEBIAN_MIRROR overrides it.
debian_mirror() {
  if [ -n "${IOMETER_DEBIAN_MIRROR:-}" ]; then
    echo "$IOMETER_DEBIAN_MIRROR"
    return
  fi
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -nE 's/^(deb([[:space:]]+\[[^]]*\])?|URIs:)[[:space:]]+([^[:space:]]+).*/\3/p' |
    grep -E '/debian/?$' | head -n 1
}

need_debootstrap() {
  command -v debootstrap >/dev/null || { apt-get update && apt-get install -y debootstrap; } >&2
}

# make_root DIRECTORY SUITE PACKAGES (with commas)
make_root() {
  # A suite that this debootstrap does not know yet is built like the newest that it does.
  debootstrap --variant=minbase --include="$3" "$2" "$1" "$(debian_mirror)" /usr/share/debootstrap/scripts/sid
}

# Gives a root this machine's trust, pip and npm settings, so that mirrors and proxies keep working there.
copy_network_settings() {
  local to=$1 file
  cp -L /etc/resolv.conf "$to/etc/resolv.conf"
  cp -L /etc/hosts "$to/etc/hosts"
  if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$to/etc/ssl/certs/ca-certificates.crt"
  fi
  for file in "$HOME/.pip/pip.conf" "$HOME/.config/pip/pip.conf" /etc/pip.conf; do
    if [ -f "$file" ]; then cp -L "$file" "$to/etc/pip.conf"; fi
  done
  if [ -f "$HOME/.npmrc" ]; then
    mkdir -p "$to/usr/etc"
    cp -L "$HOME/.npmrc" "$to/etc/npmrc"
    chmod a+r "$to/etc/npmrc"
  fi
}

# Mounts what programs expect; in a mount namespace of the caller's own, nothing stays behind.
mount_system() {
  mount --rbind /dev "$1/dev"
  mountpoint -q "$1/proc" || mount -t proc proc "$1/proc"
}

# in_root DIRECTORY USER COMMAND ...: with a clean environment but for the network's variables
in_root() {
  local to=$1 user=$2 home=/root bundle=/etc/ssl/certs/ca-certificates.crt name keep=()
  shift 2
  [ "$user" = root ] || home=/home/$user
  for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_DEFAULT_TIMEOUT \
    http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    if [ -n "${!name:-}" ]; then keep+=("$name=${!name}"); fi
  done
  keep+=("PIP_CERT=$bundle" "SSL_CERT_FILE=$bundle" "REQUESTS_CA_BUNDLE=$bundle" "NODE_EXTRA_CA_CERTS=$bundle"
    PIP_DISABLE_PIP_VERSION_CHECK=1 NPM_CONFIG_GLOBALCONFIG=/etc/npmrc)
  chroot --userspec="$user" "$to" /usr/bin/env -i "${keep[@]}" HOME="$home" LANG=C.UTF-8 \
    PATH=/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
