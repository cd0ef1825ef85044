#!/bin/sh
# Installs what the tests need, builds, and runs them.
#   tests/run.sh           unit, io, system and interop tests
#   tests/run.sh --all     also clang-tidy with its analyzer, the fault campaign, the status page in a browser, the Node-RED
#                          flows, both images, the Debian package, and the tests against a real Home Assistant and
#                          on fresh Debian systems
#                          (needs root; hours)
set -eu
cd "$(dirname "$0")/.."

config/install-dependencies.sh build test
cmake --workflow --preset dev

[ "${1:-}" = --all ] || exit 0
config/install-dependencies.sh lint
git ls-files 'src/*.cpp' | xargs -P "$(nproc)" -n 4 tests/tidy.sh
tests/campaign.sh 200
ctest --test-dir build/dev --output-on-failure -R gqlgen_gorilla
tests/web/run.sh
tests/nodered/run.sh
IOMETER_HOMEASSISTANT_RELEASE=2026.11 tests/homeassistant/run.sh
IOMETER_HOMEASSISTANT_RELEASE=2025.6 tests/homeassistant/run.sh
tests/addon/run.sh
tests/container/run.sh
tests/debian/package.sh
tests/debian/run.sh
