#!/bin/sh
# The add-on's first process. It runs as root, since options.json, which holds the secrets, belongs to root and is
# closed for all others; it opens the file as the program's standard input, gives up all rights, and becomes the
# program.
set -eu

# A backup that was restored, or an image with other user numbers, leaves files of somebody else behind.
mkdir -p /data/state
chown -hR iometer:iometer /data/state
chmod 0700 /data/state

exec setpriv --reuid iometer --regid iometer --clear-groups --inh-caps=-all --bounding-set=-all -- \
  iometer2mqtt run --config /config/iometer2mqtt.yaml --options - </data/options.json
