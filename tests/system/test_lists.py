"""The list of installations may be empty, cut short or no list at all for a while: no entity goes. Only who is asked for
by id and is not there any more has been unlinked."""

import json

import pytest
from harness import discovery, observed
from harness.readings import make_meter, now, reading, value
from harness.waiting import wait_for

COUNTS = (1, 1, 2)  # each odd answer comes so often at once; between them the API answers well, or it would be asked rarely
EMPTY_POLLS = 40
HTML = "<html><body>502 Bad Gateway</body></html>"


def installation_of(meter, device):
    status = {"connectionStatus": "connected", "attachmentStatus": "attached", "batteryLevel": 80,
              "powerStatus": "battery", "pinStatus": "entered"}
    made = {"id": device, "bridge": {"connectionStatus": "connected"}, "core": status}
    listed = {"id": meter.id, "number": meter.number}
    return {"id": meter.installation, "meters": [listed], "currentMeter": listed, "devices": [made],
            "currentDevice": made}


def answer(data, errors=None):
    return json.dumps({"data": data} | ({"errors": errors} if errors else {}))


class Household:
    """Two installations, each with a meter that sends and a device, all of it announced."""

    def __init__(self, lab):
        self.lab = lab
        self.api, self.broker = lab.simulator(), lab.broker()
        self.recorder = lab.recorder(self.broker)
        self.meters = [make_meter(f"list {number}") for number in range(2)]
        self.installations = [installation_of(meter, f"0c0ffee{number}-1111-4222-8333-444455556666")
                              for number, meter in enumerate(self.meters)]
        self.list(self.installations)
        self.daemon = lab.start(self.api, self.broker, partner={"poll_interval": "1s"})
        self.send()
        for meter in self.meters:
            observed.wait_for_topics(self.recorder, meter, ["1-0:16.7.0"])
        wait_for(lambda: len(discovery.payloads(self.retained())) == 5, "announcement of two meters, two devices and us")

    def list(self, installations):
        self.api.control("installations", installations=installations)

    def send(self):
        self.api.push([reading(meter, now(), value((16, 7, 0), "100", "W")) for meter in self.meters])

    def retained(self):
        return self.lab.retained(self.broker)

    def answer_oddly(self, count, told):
        """The next lists, and then a good one."""
        self.api.control("answer", field="installations", count=count, **told)
        wait_for(lambda: self.api.stats()["prepared"] == 0, "poll for the odd answer", 20)
        self.wait_for_polls(1, 20)

    def wait_for_polls(self, count, seconds=60):
        before = self.api.stats()["http_requests"]
        wait_for(lambda: self.api.stats()["http_requests"] >= before + count, f"{count} polls", seconds)


@pytest.fixture
def household(lab):
    return Household(lab)


def odd_answers(household):
    """{name: what the simulator is told}"""
    first = household.installations[0]
    half = first | {"meters": [], "currentMeter": None, "devices": [], "currentDevice": None}
    broken = [{"message": "internal system error", "path": ["installations"]}]
    return {
        "an empty list": {"body": answer({"installations": []})},
        "half of the list": {"body": answer({"installations": [first]})},
        "nothing in it": {"body": answer({"installations": [half, None]})},
        "null": {"body": answer({"installations": None})},
        "null with an error": {"body": answer({"installations": None}, broken)},
        "null data": {"body": answer(None, broken)},
        "an empty object": {"body": "{}"},
        "HTML": {"body": HTML, "content_type": "text/html"},
        "HTML and 502": {"body": HTML, "content_type": "text/html", "status": 502},
        "an empty body": {"body": ""},
        "text cut off": {"body": answer({"installations": household.installations})[:200]},
    }


def shrunk(before, after):
    """What was retained and is not any more, and components that went."""
    gone = [topic for topic, text in before.items() if text and not after.get(topic)]
    then, now_there = discovery.payloads(before), discovery.payloads(after)
    return gone + [f"{topic}: {sorted(set(payload['components']) - set(now_there[topic]['components']))}"
                   for topic, payload in then.items()
                   if topic in now_there and not payload["components"].items() <= now_there[topic]["components"].items()]


def test_no_odd_list_takes_an_entity(household):
    before, position = household.retained(), household.recorder.position()
    answers = odd_answers(household)
    for count in COUNTS:
        for name, told in answers.items():
            household.answer_oddly(count, told)
            assert not shrunk(before, household.retained()), name
    household.send()
    household.wait_for_polls(2)
    assert not shrunk(before, household.retained())
    cleared = [message.topic for message in household.recorder.since(position) if message.retain and not message.text]
    assert not cleared, "what was cleared for a moment is wrong, too"
    for meter in household.meters:
        assert household.recorder.last(observed.meter_topic(household.recorder, meter, "availability")) == "online"
        assert household.recorder.last(observed.meter_topic(household.recorder, meter, "reason")) == "ok"


def test_an_empty_list_for_forty_polls(household):
    """While the installation itself still answers by its id."""
    before = household.retained()
    household.api.control("answer", field="installations", body=answer({"installations": []}), count=10_000)
    household.wait_for_polls(EMPTY_POLLS, 90)
    assert not shrunk(before, household.retained())
    for meter in household.meters:
        assert household.recorder.last(observed.meter_topic(household.recorder, meter, "availability")) == "online"


def test_an_unlinked_installation(household):
    """Absent from the list, and null when it is asked for by its id."""
    before = household.retained()
    household.list(household.installations[1:])
    gone, kept = household.meters
    topic = lambda meter, leaf: observed.meter_topic(household.recorder, meter, leaf)
    household.recorder.wait_for_text(topic(gone, "reason"), "unlinked", 30)
    household.recorder.wait_for_text(topic(gone, "availability"), "offline")
    household.recorder.wait_for_text(topic(gone, "availability/live"), "offline")
    assert household.recorder.last(topic(kept, "availability")) == "online"
    household.wait_for_polls(3)
    assert set(discovery.payloads(before)) == set(discovery.payloads(household.retained())), "it may come back"
    household.list(household.installations)
    household.send()
    household.recorder.wait_for_text(topic(gone, "availability"), "online", 20)
    household.recorder.wait_for_text(topic(gone, "reason"), "ok")
