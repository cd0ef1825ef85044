"""History is not the present: what the API replays, or sends late, never moves a live state back."""

import datetime

from harness import observed
from harness.readings import Fleet, ago, make_meter, now, parse_time, reading, rfc3339, value

POWER, IMPORT = (16, 7, 0), (1, 8, 0)


def test_a_replay_moves_each_state_once_to_the_newest_value(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    fleet = Fleet(5)
    for minutes in range(50, 5, -1):
        api.push(fleet.round(ago(minutes=minutes)), received=rfc3339(ago(minutes=minutes)))
    lab.start(api, broker)
    observed.wait_for_readings(recorder, len(fleet.all_sent()))
    topics = {meter.id: observed.wait_for_topics(recorder, meter, fleet.newest(meter)) for meter in fleet.meters}
    for meter in fleet.meters:
        for code, expected in fleet.newest(meter).items():
            assert recorder.texts(topics[meter.id][code]) == [expected], f"{code} walked through its history"
        assert all(one["backfill"] for one in observed.readings_of(recorder, meter))

    api.push(fleet.round())
    observed.wait_for_readings(recorder, len(fleet.all_sent()))
    for meter in fleet.meters:
        assert not observed.readings_of(recorder, meter)[-1]["backfill"]
        for code, expected in fleet.newest(meter).items():
            recorder.wait_for_text(topics[meter.id][code], expected)


def test_a_late_reading_is_history(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker)
    meter = make_meter(1)
    api.push([reading(meter, now(), value(POWER, "100", "W"))])
    topic = observed.wait_for_topics(recorder, meter, ["1-0:16.7.0"])["1-0:16.7.0"]
    late = reading(meter, ago(minutes=10), value(POWER, "7", "W"))
    newer = reading(meter, now(), value(POWER, "200", "W"))
    api.push([late, newer])
    recorder.wait_for_text(topic, "200")
    assert observed.wait_for_reading(recorder, late)["backfill"]
    assert recorder.texts(topic) == ["100", "200"]


def test_newest_wins_for_each_code_by_itself(lab):
    """Registers and power may come in readings of their own."""
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker)
    meter, base = make_meter(2), ago(seconds=20)
    after = lambda seconds: base + datetime.timedelta(seconds=seconds)
    api.push([reading(meter, after(10), value(POWER, "300", "W")),
              reading(meter, after(5), value(IMPORT, "1000", "Wh")),
              reading(meter, after(10), value(IMPORT, "1001", "Wh")),
              reading(meter, after(7), value(POWER, "299", "W"), value(IMPORT, "1000.5", "Wh"))])
    topics = observed.wait_for_topics(recorder, meter, ["1-0:16.7.0", "1-0:1.8.0"])
    observed.wait_for_readings(recorder, 4)
    assert recorder.last(topics["1-0:16.7.0"]) == "300"
    assert recorder.last(topics["1-0:1.8.0"]) == "1.001"


def test_the_first_start_asks_for_an_hour_and_a_reconnect_for_the_overlap(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker)

    def age():
        return now() - parse_time(api.stats()["last_start_time"])

    assert datetime.timedelta(minutes=59) < age() < datetime.timedelta(minutes=72)
    fleet = Fleet(1)
    api.push(fleet.round())
    observed.wait_for_readings(recorder, 1)
    # A live reading after the replay is the proof that everything up to now has come.
    observed.wait_for_topics(recorder, fleet.meters[0], fleet.newest(fleet.meters[0]))
    api.push(fleet.round())
    observed.wait_for_readings(recorder, 2)
    api.control("drop")
    observed.wait_for_event(recorder, "upstream_down")
    api.wait_for_subscription()
    assert age() < datetime.timedelta(minutes=12)


def test_a_reading_from_the_future_moves_nothing(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker)
    meter = make_meter(3)
    api.push([reading(meter, now(), value(POWER, "100", "W"))])
    topic = observed.wait_for_topics(recorder, meter, ["1-0:16.7.0"])["1-0:16.7.0"]
    future = reading(meter, now() + datetime.timedelta(hours=2), value(POWER, "9", "W"))
    api.push([future])
    seen = observed.wait_for_reading(recorder, future)
    assert [entry["quality"] for entry in seen["values"].values()] == ["future"]
    api.push([reading(meter, now(), value(POWER, "101", "W"))])
    recorder.wait_for_text(topic, "101")
    assert recorder.texts(topic) == ["100", "101"]
