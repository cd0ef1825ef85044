"""The promise at full load: every value that is sent arrives on the topic that discovery names for it, digit for digit."""

import collections
import os
import time

from . import observed
from .readings import Fleet, parse_time

READINGS = int(os.environ.get("IOMETER_TEST_READINGS", "10000"))
METERS = 50
ROUNDS_AT_ONCE = 4


def flood(lab, api, protocol, write):
    """Sends READINGS over METERS meters through a fresh daemon; fails on any value that is lost, changed or doubled."""
    broker = lab.broker()
    recorder = lab.recorder(broker)
    daemon = lab.start(api, broker, mqtt={"protocol": protocol}, log_level="info")
    fleet = Fleet(METERS, write=write)
    api.push(fleet.round())
    topics = {meter.id: observed.wait_for_topics(recorder, meter, fleet.newest(meter), 30) for meter in fleet.meters}

    begun = time.monotonic()
    rounds = READINGS // METERS - 1
    for start in range(0, rounds, ROUNDS_AT_ONCE):
        api.push([one for _ in range(min(ROUNDS_AT_ONCE, rounds - start)) for one in fleet.round()])
    observed.wait_for_readings(recorder, len(fleet.all_sent()), 120)
    took = time.monotonic() - begun
    values = sum(len(one.values) for one in fleet.all_sent())
    print(f"{len(fleet.all_sent())} readings with {values} values in {took:.1f} s, "
          f"{daemon.memory_bytes() / 1e6:.0f} MB")

    check_values(recorder, fleet, topics)
    check_readings(recorder, fleet)
    check_retained(lab.retained(broker), fleet, topics)
    assert daemon.is_running()


def check_values(recorder, fleet, topics):
    for meter in fleet.meters:
        sent = collections.defaultdict(list)
        for one in fleet.sent[meter.id]:
            for value in one.values:
                sent[value.code].append(value.expected)
        for code, expected in sent.items():
            seen = recorder.texts(topics[meter.id][code])
            assert seen == expected, f"{meter.number} {code}: {difference(seen, expected)}"


def difference(seen, expected):
    if len(seen) != len(expected):
        lost = list((collections.Counter(expected) - collections.Counter(seen)).elements())
        more = list((collections.Counter(seen) - collections.Counter(expected)).elements())
        return f"{len(seen)} values instead of {len(expected)}; lost {lost[:10]}, unexpected {more[:10]}"
    at = next(index for index, pair in enumerate(zip(seen, expected)) if pair[0] != pair[1])
    return f"value {at} is {seen[at]}, expected {expected[at]}"


def check_readings(recorder, fleet):
    """Each reading once on its meter's topic, with all its values."""
    seen = observed.readings(recorder)
    ids = collections.Counter(one["id"] for one in seen)
    doubled = [one for one, count in ids.items() if count > 1]
    assert not doubled, f"{len(doubled)} readings came more than once, such as {doubled[0]}"
    by_identity = {(one["meter"]["id"], parse_time(one["time"])): one for one in seen}
    for one in fleet.all_sent():
        found = by_identity.pop((one.meter.id, one.time), None)
        assert found, f"the reading of {one.meter.number} at {one.time_text} is lost"
        assert len(found["values"]) == len(one.values)
    assert not by_identity, f"readings that nobody sent: {list(by_identity)[:3]}"


def check_retained(retained, fleet, topics):
    for meter in fleet.meters:
        for code, expected in fleet.newest(meter).items():
            assert retained[topics[meter.id][code]] == expected, f"{meter.number} {code} is not the newest reading's"
