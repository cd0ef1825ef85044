#!/bin/sh
# Installs what the tests need, builds, and runs them.
#   tests/run.sh           unit, io, system and interop tests
#   tests/run.sh --all     also those against a real Home Assistant and on fresh Debian systems (needs root; 45 minutes)
set -eu
cd "$(dirname "$0")/.."

config/install-dependencies.sh build test
cmake --workflow --preset dev

[ "${1:-}" = --all ] || exit 0
tests/homeassistant/run.sh
tests/debian/run.sh
