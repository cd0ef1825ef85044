#!/bin/sh
# The fault campaign in its long form: EVENTS faults (one in 1.2 s: 10,000 take three and a half hours) drawn from
# SEED (default: of the day), against build/dev. Nothing may be lost, nothing may be false. IOMETER_CAMPAIGN_KINDS restricts the
# faults (names of KINDS in tests/system/campaign/plan.py, comma between them).
#   tests/campaign.sh EVENTS [SEED]
set -eu
cd "$(dirname "$0")/.."

[ $# -ge 1 ] || { sed -n '2,5s/^# //p' "$0"; exit 2; }
export IOMETER_CAMPAIGN_EVENTS="$1" IOMETER_CAMPAIGN_SEED="${2:-$(date +%j)}"
export IOMETER2MQTT_BINARY="${IOMETER2MQTT_BINARY:-$PWD/build/dev/src/iometer2mqtt}"
exec /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/system/test_campaign.py
