"""Readings and messages as nobody should send them: the right result or a clear message, and always the next reading."""

import itertools
import json

import pytest
from harness import observed
from harness.readings import OBIS_FORMS, make_meter, now, reading, rfc3339, value
from harness.waiting import SCALE

POWER, IMPORT = (16, 7, 0), (1, 8, 0)


@pytest.fixture(scope="module")
def running(shared_lab):
    api, broker = shared_lab.simulator(), shared_lab.broker()
    recorder = shared_lab.recorder(broker)
    return api, recorder, shared_lab.start(api, broker)


@pytest.fixture
def stage(shared_lab, running):
    """(simulator, recorder, daemon): the same for all tests, which makes it an endurance test, too."""
    yield running
    assert running[2].is_running(), "the daemon ended"


_seeds = itertools.count(1)


def new_meter(number=None):
    return make_meter(f"odd {next(_seeds)}", number)


def plain(meter, power="100"):
    return reading(meter, now(), value(POWER, power, "W"))


def check_next_reading(api, recorder):
    """Whatever came before, this one gets through."""
    one = plain(new_meter())
    api.push([one])
    observed.wait_for_reading(recorder, one)


def test_each_form_of_obis_code(stage):
    api, recorder, _ = stage
    sent = {}
    for form in OBIS_FORMS:
        sent[form] = reading(new_meter(), now(), value(IMPORT, "1.2345678e+06", "Wh", form),
                             value(POWER, "-250.5", "W", form), value((76, 7, 0), "17", "W", form))
    api.push(sent.values())
    for form, one in sent.items():
        topics = observed.wait_for_topics(recorder, one.meter, ["1-0:1.8.0", "1-0:16.7.0", "1-0:76.7.0"])
        texts = [recorder.last(topics[code]) for code in ("1-0:1.8.0", "1-0:16.7.0", "1-0:76.7.0")]
        assert texts == ["1234.5678", "-250.5", "17"], form
        assert topics["1-0:1.8.0"].endswith("/value/energy_import") and topics["1-0:16.7.0"].endswith("/value/power")
        seen = observed.wait_for_reading(recorder, one)["values"]["energy_import"]
        assert seen["obis"] == "1-0:1.8.0" and seen["raw"]["obis"] == one.values[0].obis


NUMBERS = {"0": "0", "1e+06": "1000", "2.1e+07": "21000", "1.2345678e+06": "1234.5678", "4.4e-05": "0.000000044",
           "999999.9": "999.9999", "-12.5": "-0.0125", "1.100000017e+08": "110000.0017", "5": "0.005", "12.50": "0.01250",
           "1.7976931348623157e+308": "17976931348623157" + "0" * 289, "12345678901234567890.5": "12345678901234567.8905"}


def test_each_form_of_number(shared_lab, stage):
    api, recorder, _ = stage
    # Exact to the last digit is the promise; what Home Assistant cannot hold, it leaves out.
    shared_lab.expected_breaks.append("/value/energy_import .* has 306 characters")
    sent = {token: reading(new_meter(), now(), value(IMPORT, token, "Wh")) for token in NUMBERS}
    api.push(sent.values())
    seen = {}
    for token, one in sent.items():
        topics = observed.wait_for_topics(recorder, one.meter, ["1-0:1.8.0"])
        seen[token] = recorder.last(topics["1-0:1.8.0"])
    assert seen == NUMBERS


ODD_NUMBERS = ["1/EMH+00#07 058", "Zähler Straße 5", "電力量計", " ", "a" * 300, "#", "+/+", "1EMH\u0000007", "$SYS/x",
               '"quoted\\"', "🔌"]


def test_each_odd_meter_number(stage):
    api, recorder, _ = stage
    sent = {number: plain(new_meter(number)) for number in ODD_NUMBERS}
    api.push(sent.values())
    for number, one in sent.items():
        seen = observed.wait_for_reading(recorder, one)
        assert seen["meter"]["number"] == number, "the number itself is kept as it came"
        slug = observed.slug(recorder, one.meter)
        assert slug and set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-"), slug
        topics = observed.wait_for_topics(recorder, one.meter, ["1-0:16.7.0"])
        assert recorder.last(topics["1-0:16.7.0"]) == "100"
    assert len({observed.slug(recorder, one.meter) for one in sent.values()}) == len(sent)


def test_numbers_that_become_alike_stay_two_meters(stage):
    api, recorder, _ = stage
    meters = [new_meter(number) for number in ("1 EMH/7", "1EMH 7", "1emh7", "1EMH7")]
    api.push([plain(meter, str(index)) for index, meter in enumerate(meters)])
    for meter in meters:
        observed.wait_for_meter(recorder, meter)
    assert len({observed.slug(recorder, meter) for meter in meters}) == len(meters)
    for index, meter in enumerate(meters):
        topics = observed.wait_for_topics(recorder, meter, ["1-0:16.7.0"])
        assert recorder.last(topics["1-0:16.7.0"]) == str(index)


def test_empty_values(stage):
    api, recorder, _ = stage
    meter = new_meter()
    empty = reading(meter, now())
    api.push([empty])
    assert observed.wait_for_reading(recorder, empty)["values"] == {}
    later = plain(meter)
    api.push([later])
    topics = observed.wait_for_topics(recorder, meter, ["1-0:16.7.0"])
    assert recorder.last(topics["1-0:16.7.0"]) == "100"


def test_a_value_that_cannot_be_read_does_not_spoil_the_others(stage):
    api, recorder, daemon = stage
    meter = new_meter()
    good = value(IMPORT, "1000", "Wh").json()
    bad = ['{"obisCode": "power", "value": 1, "unit": "W"}', '{"obisCode": "1-0:300.7.0", "value": 1, "unit": "W"}',
           '{"obisCode": "1-0:2.8.0", "value": null, "unit": "Wh"}', '{"obisCode": "1-0:2.8.1", "value": true, "unit": "Wh"}',
           '{"value": 1, "unit": "W"}', '"text"', "null"]
    api.push([f'{{"meter": {meter.json()}, "time": "{rfc3339(now())}", "values": [{", ".join([*bad, good])}]}}'])
    topics = observed.wait_for_topics(recorder, meter, ["1-0:1.8.0"])
    assert recorder.last(topics["1-0:1.8.0"]) == "1.000"
    daemon.wait_for_log(r"values\[0\]\.obisCode")
    daemon.wait_for_log(r"values\[2\]\.value")
    assert len(observed.readings_of(recorder, meter)[0]["values"]) == 1


MALFORMED = {
    "no JSON": "}{",
    "half a message": '{"id":"1","type":"next","payload":{"data":{"meterReadings":{"meter":{"id":"x"',
    "an array": "[]",
    "no type": '{"payload":{}}',
    "an unknown type": '{"type":"surprise"}',
    "another subscription": '{"id":"77","type":"next","payload":{"data":{}}}',
    "a number for the type": '{"type":5}',
    "deep nesting": "[" * 100_000,
    "an exponent that breaks parsers": '{"type":"next","id":"1","payload":0.0000000000000000001e-2147483639}',
    "a second acknowledgement": '{"type":"connection_ack"}',
}
SILENT = {"another subscription"}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_messages(stage, case):
    api, recorder, daemon = stage
    before = recorder.position()
    api.control("push_text", text=MALFORMED[case])
    if case not in SILENT:
        assert observed.wait_for_event(recorder, "message_dropped", after=before)["detail"]
    check_next_reading(api, recorder)
    assert "upstream_down" not in daemon.log(), "a bad message is no reason to drop the connection"


def test_a_message_of_ten_megabytes(lab):
    """Thrown away while it comes; the readings around it arrive on the same connection."""
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    daemon = lab.start(api, broker)
    before, after = plain(new_meter()), plain(new_meter())
    api.push([before])
    observed.wait_for_reading(recorder, before)
    memory = daemon.memory_bytes()
    api.control("push_text", text='{"id":"1","type":"next","payload":"' + "x" * 10_000_000 + '"}')
    api.push([after])
    observed.wait_for_reading(recorder, after, 30)
    assert "over 1 MiB" in daemon.log() and "upstream_down" not in daemon.log()
    assert daemon.memory_bytes() - memory < 8e6 * SCALE


PAYLOADS = {
    "no data": {},
    "null data without an error": {"data": None},
    "an error for one reading": {"data": {"meterReadings": None},
                                 "errors": [{"message": "boom", "path": ["values", 2, "value"]}]},
    "no meter": {"data": {"meterReadings": {"time": "2026-01-01T00:00:00Z", "values": []}}},
    "no time": {"data": {"meterReadings": {"meter": {"id": "x", "number": "y"}, "values": []}}},
    "hour 24": {"data": {"meterReadings": {"meter": {"id": "x", "number": "y"}, "time": "2024-12-31T24:30:15Z",
                                           "values": []}}},
    "values that are no list": {"data": {"meterReadings": {"meter": {"id": "x", "number": "y"},
                                                           "time": "2026-01-01T00:00:00Z", "values": 5}}},
}


@pytest.mark.parametrize("case", PAYLOADS)
def test_payloads_that_are_no_reading(stage, case):
    api, recorder, _ = stage
    before = recorder.position()
    api.control("push_payload", payload=PAYLOADS[case])
    detail = observed.wait_for_event(recorder, "message_dropped", after=before)["detail"]
    if case == "an error for one reading":
        assert "boom" in detail and "values[2].value" in detail
    if case == "hour 24":
        assert "meterReadings.time" in detail and "24:30:15" in detail
    check_next_reading(api, recorder)


def test_an_unknown_code_and_an_unknown_unit(stage):
    api, recorder, _ = stage
    meter = new_meter()
    api.push([reading(meter, now(), value((96, 77, 3), "4711", "furlong"), value(POWER, "1", "W"))])
    topics = observed.wait_for_topics(recorder, meter, ["1-0:96.77.3", "1-0:16.7.0"])
    assert recorder.last(topics["1-0:96.77.3"]) == "4711"
    event = observed.wait_for_event(recorder, "unknown_obis")
    assert "1-0:96.77.3" in event["detail"]


def test_the_same_code_twice(stage):
    api, recorder, _ = stage
    meter = new_meter()
    api.push([reading(meter, now(), value(POWER, "5", "W", "hex"), value(POWER, "6", "W"), value(IMPORT, "1", "Wh"),
                      value(IMPORT, "1", "Wh", "hex"))])
    assert "16.7.0" in observed.wait_for_event(recorder, "ambiguous_code")["detail"]
    topics = observed.wait_for_topics(recorder, meter, ["1-0:1.8.0"])
    assert recorder.last(topics["1-0:1.8.0"]) == "0.001"
    # Neither of two values is right.
    assert recorder.last(observed.meter_topic(recorder, meter, "value/power")) is None


def test_units_are_moved_by_whole_powers_of_ten(stage):
    api, recorder, _ = stage
    meter = new_meter()
    api.push([reading(meter, now(), value(IMPORT, "12.345", "kWh"), value(POWER, "1.5", "kW"),
                      value((32, 7, 0), "230100", "mV"), value((31, 7, 0), "412", "mA"))])
    topics = observed.wait_for_topics(recorder, meter, ["1-0:1.8.0", "1-0:16.7.0", "1-0:32.7.0", "1-0:31.7.0"])
    texts = [recorder.last(topics[code]) for code in ("1-0:1.8.0", "1-0:16.7.0", "1-0:32.7.0", "1-0:31.7.0")]
    assert texts == ["12.345", "1500", "230.100", "0.412"]


def test_a_reading_that_comes_twice(stage):
    api, recorder, _ = stage
    meter = new_meter()
    one = plain(meter)
    api.push([one, one])
    check_next_reading(api, recorder)
    assert len(observed.readings_of(recorder, meter)) == 1


def installation_of(meter, **core):
    status = {"connectionStatus": "connected", "attachmentStatus": "attached", "batteryLevel": 80,
              "powerStatus": "battery", "pinStatus": "entered"} | core
    device = {"id": "0c0ffee0-1111-4222-8333-444455556666", "bridge": {"connectionStatus": "connected"}, "core": status}
    listed = {"id": meter.id, "number": meter.number}
    return {"id": meter.installation, "meters": [listed], "currentMeter": listed, "devices": [device],
            "currentDevice": device}


def test_unknown_enum_words_are_passed_on(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    meter = new_meter()
    api.control("installations", installations=[installation_of(meter, pinStatus="forgotten", powerStatus="solar",
                                                                attachmentStatus="wobbling")])
    lab.start(api, broker)
    device = "iometer/device/0c0ffee0"
    recorder.wait_for_text(f"{device}/core_pin", "forgotten")
    recorder.wait_for_text(f"{device}/core_power", "solar")
    recorder.wait_for_text(f"{device}/core_attachment", "wobbling")
    recorder.wait_for_text(f"{device}/core_connection", "connected")
    recorder.wait_for_text(f"{device}/core_battery", "80")
    state = json.loads(recorder.last(f"{device}/state"))
    assert state["core_pin"] == "forgotten" and state["core_battery"] == 80


def test_a_battery_that_means_nothing(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    api.control("installations", installations=[installation_of(new_meter(), powerStatus="wired", batteryLevel=0)])
    lab.start(api, broker)
    recorder.wait_for_text("iometer/device/0c0ffee0/core_battery", "None")
    assert json.loads(recorder.last("iometer/device/0c0ffee0/state"))["core_battery"] is None
