"""What Home Assistant is told: complete, consistent, and told again when it starts."""

import json

import pytest
from harness import discovery, observed
from harness.homeassistant_rules import broken_rules
from harness.readings import Fleet
from harness.recorder import Message
from harness.waiting import wait_for

STATUS_TOPIC = "homeassistant/status"


@pytest.fixture(scope="module")
def home(shared_lab):
    """(broker, recorder) after the first readings and the first poll: a household of two, and two meters of ours."""
    api = shared_lab.simulator(household=["--installations", "2", "--meters", "1", "--devices", "1", "--cadence", "10s"])
    broker = shared_lab.broker()
    recorder = shared_lab.recorder(broker, qos=1)
    shared_lab.start(api, broker)
    fleet = Fleet(2)
    api.push(fleet.round())
    for meter in fleet.meters:
        observed.wait_for_topics(recorder, meter, fleet.newest(meter))
    # Four meters, two devices, and the program itself.
    recorder.wait_until(lambda: len(observed.configs(recorder)) >= 7, "seven announced devices")
    return broker, recorder


def test_what_is_announced(shared_lab, home):
    """That it keeps Home Assistant's rules is asked of all messages of all tests, when their lab closes."""
    broker, _ = home
    payloads = discovery.payloads(shared_lab.retained(broker)).values()
    assert {payload["origin"]["name"] for payload in payloads} == {"iometer2mqtt"}
    names = sorted(payload["device"]["name"].split()[0] for payload in payloads)
    assert names == ["IOmeter"] * 2 + ["Meter"] * 4 + ["iometer2mqtt"]


def test_what_is_retained_is_complete(shared_lab, home):
    """Home Assistant starts at any time, and finds a state and an availability for each entity."""
    broker, _ = home

    def broken():
        kept = [Message(0, topic, text, True, 0) for topic, text in shared_lab.retained(broker).items()]
        return broken_rules(kept, from_start=False)

    wait_for(lambda: not broken(), "retained messages that keep all rules", explain=broken)


def test_retain_and_quality_of_service(home):
    """Retained is what has a state; what belongs to the moment is not. Values go at 0, what commits them at 1."""
    _, recorder = home
    rules = [("/value/", True, 0), ("/reading", False, 1), ("/availability", True, 1), ("/live", True, 1),
             ("/reason", True, 1), ("bridge/state", True, 1), ("bridge/info", True, 1), ("bridge/health", True, 1),
             ("bridge/event", False, 1), ("/config", True, 1)]
    seen = set()
    for message in list(recorder.messages):
        for part, retain, qos in rules:
            fits = part in message.topic if part == "/value/" else message.topic.endswith(part)
            if fits:
                seen.add(part)
                assert message.retain == retain, message
                assert message.qos == qos, message
    assert seen == {part for part, _, _ in rules}


def test_a_birth_brings_everything_again(shared_lab, home):
    broker, recorder = home
    wanted = {topic for topic in shared_lab.retained(broker) if topic.startswith(("homeassistant/device/", "iometer/"))}
    # Home Assistant finds it retained, and it did not change.
    wanted.remove(observed.BRIDGE_STATE)
    before = recorder.position()
    recorder.publish(STATUS_TOPIC, "online")
    missing = lambda: sorted(wanted - {message.topic for message in recorder.since(before)})
    wait_for(lambda: not missing(), "all announcements and states once more", 20, explain=missing)


def test_a_death_or_an_old_birth_changes_nothing(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    recorder.publish(STATUS_TOPIC, "online", retain=True)
    lab.start(api, broker)
    fleet = Fleet(1)
    api.push(fleet.round())
    observed.wait_for_topics(recorder, fleet.meters[0], fleet.newest(fleet.meters[0]))
    topic = next(iter(observed.configs(recorder)))
    before = len(recorder.texts(topic))
    recorder.publish(STATUS_TOPIC, "offline")
    api.push(fleet.round())
    observed.wait_for_readings(recorder, 2)
    assert len(recorder.texts(topic)) == before


def test_a_new_code_joins_the_announced_ones(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker)
    fleet = Fleet(7)
    small, large = fleet.meters[0], fleet.next_reading(6)
    api.push([fleet.next_reading(0)])
    first = observed.wait_for_topics(recorder, small, fleet.newest(small))
    more = json.loads(large.json()) | {"meter": json.loads(small.json())}
    api.push([json.dumps(more)])
    every = observed.wait_for_topics(recorder, small, [one.code for one in large.values])
    assert first.items() <= every.items() and len(every) > len(first)


def test_discovery_off_and_another_prefix(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker, mqtt={"base_topic": "house/meters", "client_id": "one"},
              homeassistant={"discovery": "off"})
    fleet = Fleet(1)
    api.push(fleet.round())
    recorder.wait_until(lambda: [topic for topic in recorder.by_topic if topic.startswith("house/meters/meter/")
                                 and topic.endswith("/reading")], "a reading below the base topic")
    recorder.wait_for_text("house/meters/bridge/state", "online")
    assert not observed.configs(recorder)
    lab.start(api, broker, mqtt={"base_topic": "second", "client_id": "two"}, homeassistant={"prefix": "ha"},
              state_dir=str(lab.folder / "second"))
    recorder.wait_until(lambda: [topic for topic in recorder.by_topic if topic.startswith("ha/device/")],
                        "an announcement below the other prefix")
