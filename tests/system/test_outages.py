"""Broker and API go away in mid-stream: afterwards nothing is missing, and every state is right."""

import pytest
from harness import observed, verdict
from harness.readings import Fleet
from harness.waiting import wait_for

METERS = 10


class Outage:
    """A daemon whose way to the broker leads through a proxy, so that the test decides when it finds the broker again:
    not before the recorder listens, which would miss what is not retained."""

    def __init__(self, lab, protocol):
        self.lab = lab
        self.api = lab.simulator()
        self.broker = lab.broker()
        self.proxy = lab.proxy(self.broker.port)
        self.recorder = lab.recorder(self.broker)
        self.fleet = Fleet(METERS)
        mqtt = {"url": f"mqtt://127.0.0.1:{self.proxy.port}", "protocol": protocol}
        self.daemon = lab.start(self.api, self.broker, mqtt=mqtt)
        self.push(5)
        observed.wait_for_readings(self.recorder, METERS)
        self.recorder.wait_for_text(observed.BRIDGE_STATE, "online")

    def push(self, rounds):
        for _ in range(rounds):
            self.api.push(self.fleet.round())

    def lose_the_broker(self):
        """kill -9 with all its data."""
        self.proxy.refuse()
        self.broker.kill()
        self.proxy.cut()

    def return_the_broker(self):
        connection = self.recorder.connections + 1
        self.broker.start()
        self.recorder.wait_for_connection(connection)
        self.proxy.accept()

    def check_everything(self):
        verdict.wait_for_all(self.recorder, self.fleet)
        verdict.wait_for_right_states(self.lab, self.broker, self.recorder, self.fleet)
        verdict.check_copies(self.recorder)


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_the_broker_loses_its_data(lab, protocol):
    outage = Outage(lab, protocol)
    outage.push(5)
    outage.lose_the_broker()
    outage.push(5)
    outage.return_the_broker()
    outage.push(5)
    outage.check_everything()


def test_the_broker_is_away_until_the_subscription_has_ended(lab):
    outage = Outage(lab, "3.1.1")
    outage.lose_the_broker()
    outage.push(5)
    wait_for(lambda: outage.api.stats()["subscriptions"] == 0, "end of the subscription while the broker is away", 25)
    outage.push(5)
    outage.return_the_broker()
    outage.push(5)
    outage.check_everything()


def test_the_api_connection_breaks(lab):
    outage = Outage(lab, "3.1.1")
    outage.push(5)
    outage.api.control("drop")
    outage.push(5)
    outage.api.wait_for_subscription()
    outage.push(5)
    outage.check_everything()
    assert len(observed.readings(outage.recorder)) == len(outage.fleet.all_sent()), "the replay brought copies"


def test_the_api_ends_the_subscription(lab):
    outage = Outage(lab, "3.1.1")
    outage.api.control("complete")
    outage.push(5)
    outage.api.wait_for_subscription(30)
    outage.check_everything()


def test_the_api_falls_silent_with_the_connection_open(lab):
    """As a dead router does: no FIN, no RST, no answer to a ping."""
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    way = lab.proxy(api.port)
    fleet = Fleet(METERS)
    partner = {"url": api.url.replace(str(api.port), str(way.port)), "idle_timeout": "6s"}
    lab.start(api, broker, partner=partner)
    api.push(fleet.round())
    observed.wait_for_readings(recorder, METERS)
    way.stalled = True
    api.push(fleet.round())
    observed.wait_for_event(recorder, "upstream_down", 15)
    way.stalled = False
    observed.wait_for_readings(recorder, 2 * METERS, 30)


def test_both_at_once(lab):
    outage = Outage(lab, "5")
    outage.push(5)
    outage.lose_the_broker()
    outage.api.control("drop")
    outage.push(5)
    outage.return_the_broker()
    outage.push(5)
    outage.check_everything()


def test_resets_amid_the_stream(lab):
    """RST instead of FIN, again and again, with the broker's data kept."""
    outage = Outage(lab, "3.1.1")
    for _ in range(4):
        outage.push(3)
        outage.proxy.cut(reset=True)
        wait_for(outage.proxy.open, "new connection to the broker", 20)
    outage.push(3)
    outage.check_everything()
