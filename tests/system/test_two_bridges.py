"""Two bridges at one broker. On one base topic exactly one of them speaks; on two bases neither touches what is the other's."""

import json

import pytest
from harness import discovery, observed
from harness.proxy import MqttTap
from harness.readings import Fleet
from harness.waiting import holds_for, wait_for

DECIDED_SECONDS = 10  # until one of two has yielded
TAKEN_OVER_SECONDS = 45  # one that has yielded asks every 30 seconds


class Bridges:
    """`connections` tells who is connected: each bridge goes to the broker by its own proxy."""

    def __init__(self, lab):
        self.lab, self.api, self.broker = lab, lab.simulator(), lab.broker()
        self.recorder = lab.recorder(self.broker)
        self.ways, self.daemons = [], []
        self.fleet = Fleet(2)

    def start(self, base="iometer", **mqtt):
        number = len(self.daemons)
        way = self.lab.proxy(self.broker.port, tap=MqttTap)
        configuration = self.lab.configure(self.api, self.broker, state_dir=str(self.lab.folder / f"state-{number}"),
                                           mqtt={"url": f"mqtt://127.0.0.1:{way.port}", "base_topic": base} | mqtt)
        self.ways.append(way)
        self.daemons.append(self.lab.daemon(configuration))
        return self.daemons[-1]

    def speaking(self):
        """Numbers of the bridges with an open connection to the broker."""
        return [number for number, way in enumerate(self.ways) if way.open() and self.daemons[number].is_running()]

    def yielded(self):
        return [number for number, daemon in enumerate(self.daemons) if "this one stays away" in daemon.log()]

    def wait_for_one(self):
        """The number of the one that speaks on, once the other has yielded and said so."""
        wait_for(lambda: len(self.yielded()) == 1 and len(self.speaking()) == 1, "bridge that yields", DECIDED_SECONDS,
                 explain=lambda: f"speaking: {self.speaking()}, said so: {self.yielded()}")
        (left,) = self.speaking()
        assert left not in self.yielded()
        holds_for(lambda: self.speaking() in ([left], [0, 1]), "the one that stayed goes on", 5)
        return left

    def check_readings_come_once(self, seconds=0):
        for one in self.fleet.round():
            self.api.push([one])
            observed.wait_for_reading(self.recorder, one, 20 + seconds)
            same = [seen for seen in observed.readings_of(self.recorder, one.meter) if seen["time"] == one.time_text]
            assert len(same) == 1 and self.recorder.last(observed.BRIDGE_STATE) == "online"


@pytest.fixture
def bridges(lab):
    return Bridges(lab)


@pytest.mark.parametrize("ids", [("one", "two"), ("the-same", "the-same")], ids=["own ids", "one client id"])
def test_a_second_bridge_yields(bridges, ids):
    bridges.start(client_id=ids[0])
    bridges.recorder.wait_for_text(observed.BRIDGE_STATE, "online")
    bridges.check_readings_come_once()
    bridges.start(client_id=ids[1])
    left = bridges.wait_for_one()
    if ids[0] != ids[1]:
        assert left == 0, "the newcomer has to yield"
    bridges.check_readings_come_once()
    bridges.daemons[left].terminate()
    other = 1 - left
    wait_for(lambda: other in bridges.speaking() and bridges.recorder.last(observed.BRIDGE_STATE) == "online",
             "second bridge that takes over", TAKEN_OVER_SECONDS)
    bridges.check_readings_come_once(TAKEN_OVER_SECONDS)


def test_two_that_start_at_once(bridges):
    bridges.start()
    bridges.start()
    bridges.wait_for_one()
    bridges.check_readings_come_once()


def test_two_bases_share_a_broker(bridges):
    """Same meters, and the same discovery prefix: who announced a meter first and lives keeps it."""
    one = bridges.start("house/one")
    bridges.api.wait_for_subscription()
    bridges.api.push(bridges.fleet.round())
    for meter in bridges.fleet.meters:
        wait_for(lambda meter=meter: discovery.value_topics(observed.configs(bridges.recorder), meter.id),
                 f"announcement of {meter.number}", 20)
    two = bridges.start("house/two")
    for base in ("house/one", "house/two"):
        bridges.recorder.wait_for_text(f"{base}/bridge/state", "online")
    wait_for(lambda: bridges.api.stats()["subscriptions"] == 2, "two subscriptions")
    for _ in range(3):
        sent = bridges.fleet.round()
        bridges.api.push(sent)
        for base in ("house/one", "house/two"):
            for reading in sent:
                wait_for(lambda base=base, reading=reading: has_reading(bridges.recorder, base, reading),
                         f"the reading below {base}", 20)
    # Whoever did not announce has had the time to.
    holds_for(lambda: one.is_running() and two.is_running(), "both run", 5)
    topics = [{topic for connection in way.connections for topic in connection.tap.topics} for way in bridges.ways]
    assert not topics[0] & topics[1], "both published to the same topic"
    for own, other in ((0, "house/two/"), (1, "house/one/")):
        assert topics[own] and not [topic for topic in topics[own] if topic.startswith(other)]


def has_reading(recorder, base, reading):
    return any(message.topic.startswith(f"{base}/meter/") and message.topic.endswith("/reading")
               and json.loads(message.text)["time"] == reading.time_text for message in list(recorder.messages))
