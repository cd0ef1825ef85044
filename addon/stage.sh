#!/bin/sh
# Writes the add-on as a folder that needs nothing else, for a Home Assistant that builds it itself:
#
#   addon/stage.sh /addons/iometer2mqtt
#
# The Supervisor builds a local add-on with its own folder as context, out of which no path leads. So the folder gets,
# beside the add-on's own files, whatever the Dockerfile copies, at the same places. The same checkout gives the same
# folder. One that stage.sh wrote before is replaced; any other that is not empty is refused.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${1:-}" ]; then
  echo "usage: addon/stage.sh DIRECTORY" >&2
  exit 2
fi
to=$1
mark=.written-by-stage

if [ -e "$to" ] && [ ! -d "$to" ]; then
  echo "stage.sh: $to is no directory" >&2
  exit 1
fi
if [ -d "$to" ] && [ -n "$(ls -A "$to")" ] && [ ! -f "$to/$mark" ]; then
  echo "stage.sh: $to is not empty, and not a folder that stage.sh wrote; name another one, or empty it" >&2
  exit 1
fi
mkdir -p "$to"
to=$(cd "$to" && pwd)
case $to/ in
  "$top"/addon/* | "$top"/src/*) echo "stage.sh: $to is part of what is copied; name another one" >&2; exit 1 ;;
esac
find "$to" -mindepth 1 -delete
: >"$to/$mark"

# copy FOLDER PATH ...: to the same places below the new folder; hidden files are editors' and tools' own.
copy() {
  from=$1
  shift
  for path in "$@"; do
    [ -e "$from/$path" ] || { echo "stage.sh: $path is missing in $from" >&2; exit 1; }
  done
  (cd "$from" && find "$@" -type f ! -path '*/.*' ! -path '*/__pycache__/*') >"$to/$mark"
  tar -C "$from" -c -f - -T "$to/$mark" | tar -C "$to" -x -o -f -
}

copy "$top/addon" Dockerfile apparmor.txt translations icon.png logo.png README.md DOCS.md CHANGELOG.md
# What comes from the context: all words of a COPY but the first and the last, where no other stage is the source.
# shellcheck disable=SC2046 # one word a path
copy "$top" LICENSE $(sed -n 's/^COPY \(.*\) [^ ]*$/\1/p' "$top/addon/Dockerfile" | grep -v -e '^--from=')
sed '/^image:/d' "$top/addon/config.yaml" >"$to/config.yaml"
: >"$to/$mark"
# The same whatever this user's umask is.
find "$to" -type f ! -perm -100 -exec chmod 644 {} +
find "$to" \( -type d -o -perm -100 \) -exec chmod 755 {} +
