"""The schema check can fail: broken payloads are reported."""

import json

import pytest
from harness import payloads

EVENT = {"time": "2026-03-01T12:00:00Z", "event": "upstream_up", "detail": "x"}
READING = {
    "schema": 1, "id": "00", "time": "2026-03-01T12:00:00Z", "received": "2026-03-01T12:00:00.5Z", "backfill": False,
    "installation": "i", "meter": {"id": "m", "number": "n", "name": "n"},
    "values": {"power_l1_ch2": {"value": 1, "unit": "W", "obis": "1-2:36.7.0",
                                "raw": {"obis": "1-2:36.7.0", "value": 1, "unit": "W"}, "quality": "ok"}},
}


def test_good_payloads_pass():
    assert not payloads.problems_of("iometer/bridge/event", json.dumps(EVENT))
    assert not payloads.problems_of("a/b/meter/x/reading", json.dumps(READING))
    assert not payloads.problems_of("iometer/meter/x/state", "")
    assert not payloads.problems_of("other/topic", "{")


@pytest.mark.parametrize("topic, document", [
    ("iometer/bridge/event", EVENT | {"event": "party"}),
    ("iometer/bridge/event", EVENT | {"time": "2026-03-01 12:00"}),
    ("iometer/bridge/event", EVENT | {"more": 1}),
    ("iometer/bridge/event", {"event": "upstream_up"}),
    ("iometer/meter/x/reading", READING | {"backfill": "no"}),
    ("iometer/meter/x/reading", READING | {"values": {"Power": READING["values"]["power_l1_ch2"]}}),
    ("iometer/meter/x/reading", READING | {"values": {"power": {}}}),
    ("iometer/meter/x/state", READING),
    ("iometer/bridge/health", {}),
    ("iometer/device/x/state", {"schema": 1, "id": "d"}),
])
def test_broken_payloads_are_reported(topic, document):
    assert payloads.problems_of(topic, json.dumps(document))


def test_a_payload_that_is_no_json():
    assert payloads.problems_of("iometer/bridge/info", "{")
