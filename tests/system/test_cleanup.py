"""What nothing stands behind any more is taken away by the cleanup, and nothing else is."""

import json

import pytest
import yaml
from harness import discovery, observed
from harness.programs import command
from harness.readings import make_meter, now, reading, value
from harness.waiting import wait_for

FOREIGN = {
    "iometer/notes": "mine",
    "iometer/meter/cellar/colour": "blue",
    "homeassistant/device/other/config": json.dumps({"device": {"identifiers": ["other"], "name": "Other"},
                                                     "origin": {"name": "somebody"}, "components": {}}),
    "zigbee2mqtt/bridge/state": "online",
}
GHOSTS = {"iometer/meter/ghost/availability": "offline", "iometer/meter/ghost/value/power": "5", "iometer/device/0badcafe/core_pin": "x"}


def listed(meter):
    one = {"id": meter.id, "number": meter.number}
    return {"id": meter.installation, "meters": [one], "currentMeter": one, "devices": [], "currentDevice": None}


class House:
    """A bridge with two meters in two installations, and things of others at its broker."""

    def __init__(self, lab):
        self.lab, self.api, self.broker = lab, lab.simulator(), lab.broker()
        self.recorder = lab.recorder(self.broker)
        lab.expected_breaks.append("homeassistant/device/other/config")  # whatever somebody else writes there
        for topic, text in {**FOREIGN, **GHOSTS}.items():
            self.recorder.publish(topic, text, retain=True)
        self.meters = [make_meter(f"cleanup {number}") for number in range(2)]
        self.api.control("installations", installations=[listed(meter) for meter in self.meters])
        self.configuration = lab.configure(self.api, self.broker, partner={"poll_interval": "1s"})
        self.file = lab.folder / "cleanup.yaml"
        partner = {key: value for key, value in self.configuration["partner"].items() if key not in ("id", "secret")}
        # Who cleans up speaks with the broker alone.
        self.file.write_text(yaml.safe_dump(self.configuration | {"partner": partner}))
        self.daemon = lab.daemon(self.configuration)
        self.api.wait_for_subscription()
        self.api.push([reading(meter, now(), value((16, 7, 0), "100", "W")) for meter in self.meters])
        wait_for(lambda: len(discovery.payloads(self.retained())) == 4, "announcements of two meters, us and another", 20)

    def retained(self):
        return self.lab.retained(self.broker)

    def topics_of(self, meter):
        return {topic for topic in self.retained() if meter.number.lower() in topic or meter.id in topic}

    def unlink(self, meter):
        left = [listed(one) for one in self.meters if one is not meter]
        self.api.control("installations", installations=left)
        reason, availability = (observed.meter_topic(self.recorder, meter, leaf) for leaf in ("reason", "availability"))
        wait_for(lambda: self.recorder.last(reason) == "unlinked" and self.recorder.last(availability) == "offline",
                 "unlinked meter", 30)

    def cleanup(self, *arguments):
        done = command("cleanup", "--config", self.file, *arguments)
        return done.returncode, set(done.stdout.split()), done.stderr

    def check_foreign(self):
        retained = self.retained()
        assert {topic: retained.get(topic) for topic in FOREIGN} == FOREIGN


@pytest.fixture
def house(lab):
    return House(lab)


def test_an_unlinked_meter_and_ghosts_go(house):
    gone, kept = house.meters
    house.unlink(gone)
    before = house.retained()
    code, topics, _ = house.cleanup("--dry-run")
    assert code == 0 and topics == house.topics_of(gone) | set(GHOSTS)
    unchanging = {topic: text for topic, text in before.items() if topic != observed.HEALTH}
    assert {topic: text for topic, text in house.retained().items() if topic != observed.HEALTH} == unchanging

    code, again, _ = house.cleanup()
    assert code == 0 and again == topics
    wait_for(lambda: not topics & set(house.retained()), "cleared topics")
    house.check_foreign()
    assert house.topics_of(kept) == {topic for topic in before if kept.number.lower() in topic or kept.id in topic}
    assert house.cleanup() == (0, set(), "")


def test_everything_goes_when_the_bridge_is_stopped(house):
    code, topics, error = house.cleanup("--all")
    assert (code, topics) == (2, set()) and "stop it first" in error
    house.daemon.terminate()
    code, topics, error = house.cleanup()
    assert (code, topics) == (1, set()) and "no bridge is at work" in error
    ours = set(house.retained()) - set(FOREIGN)
    assert house.cleanup("--all", "--dry-run")[:2] == (0, ours)
    assert set(house.retained()) - set(FOREIGN) == ours
    assert house.cleanup("--all")[:2] == (0, ours)
    assert house.retained() == FOREIGN


def test_a_state_that_nobody_stands_behind_is_no_bridge(house):
    house.daemon.terminate()
    house.recorder.publish(observed.BRIDGE_STATE, "online", retain=True)
    code, topics, _ = house.cleanup("--all")
    assert code == 0 and observed.BRIDGE_STATE in topics
    assert house.retained() == FOREIGN


@pytest.mark.parametrize("payload, word", [("{", "no JSON"), ("[]", "no JSON object"), ('{"dry": true}', "dry_run"),
                                           ('{"dry_run": "yes"}', "dry_run")])
def test_a_wrong_request_is_answered(house, payload, word):
    before = house.retained()
    house.recorder.publish("iometer/bridge/request/cleanup", payload)
    house.recorder.wait_until(lambda: house.recorder.last("iometer/bridge/response/cleanup"), "a response")
    answer = json.loads(house.recorder.last("iometer/bridge/response/cleanup"))
    assert answer["status"] == "error" and word in answer["error"]
    assert set(house.retained()) == set(before)
