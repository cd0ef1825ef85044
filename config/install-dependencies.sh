#!/bin/sh
# Installs the packages of config/dependencies.txt for the purposes given, those that are missing only:
#   config/install-dependencies.sh build demo
# A user without root rights who has them all needs nothing else; who lacks some is told which.
set -eu
list=$(dirname "$0")/dependencies.txt

missing=
for purpose in "$@"; do
  # shellcheck disable=SC2013 # a package is a word
  for package in $(awk -v purpose="$purpose" '$1 == purpose { print $2 }' "$list"); do
    case $package in
      # A Node.js or Go from elsewhere serves as well, and Debian's package would get in its way.
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
      golang-go) { command -v go || [ -x /usr/local/go/bin/go ]; } >/dev/null && continue ;;
    esac
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
  done
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "These packages are missing; install them as root and start again:" >&2
  echo "  apt-get install$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing:$missing"
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
apt-get install -y -qq --no-install-recommends $missing >/dev/null
