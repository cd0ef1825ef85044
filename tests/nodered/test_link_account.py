"""config/node-red/link-account.json: one press of a button, and the address or the reason in the debug window."""

import json
import urllib.request

import flows
import pytest
from harness.waiting import holds_for, patience
from household import Household
from node_red import wait_for_subscriptions

REQUEST = "iometer/bridge/request/link_url"
RESPONSE = "iometer/bridge/response/link_url"
URL = "https://iometer.example/link?state=4711"


class StandIn:
    """In the bridge's place at a broker: for answers that the real one gives when nobody plans it."""

    def __init__(self, lab):
        self.broker = lab.broker()
        self.seen = lab.recorder(self.broker)

    def request(self):
        """The transaction of a request that has come."""
        text = self.seen.wait_until(lambda: self.seen.last(REQUEST), f"a request on {REQUEST}")
        return json.loads(text)["transaction"]

    def answer(self, **members):
        self.seen.publish(RESPONSE, json.dumps(members))


@pytest.fixture
def stand_in(lab, node_red):
    made = StandIn(lab)
    deploy(node_red, made.broker)
    return made


def deploy(node_red, broker):
    node_red.start()
    node_red.deploy(flows.adapted(["link-account"], broker))
    wait_for_subscriptions(broker, [RESPONSE])


def press(node_red):
    node_red.press("iometer-link-account-button")


def test_the_bridge_gives_an_address_of_the_api(lab, node_red):
    home = Household(lab, mqtt={"commands": "all"})
    deploy(node_red, home.broker)
    press(node_red)
    address = node_red.debug.wait_for("open this address")
    with urllib.request.urlopen(address, timeout=patience(10)) as page:
        assert page.url.startswith(home.api.url.split("/api/")[0]) and "accept" in page.read().decode()


def test_the_bridge_refuses_what_is_off(lab, node_red):
    home = Household(lab)
    deploy(node_red, home.broker)
    press(node_red)
    assert "mqtt.commands" in node_red.debug.wait_for("refused")
    assert not node_red.debug.shown["open this address"]


def test_the_address_is_shown_and_ends_the_waiting(stand_in, node_red):
    press(node_red)
    stand_in.answer(status="ok", data={"url": URL}, transaction=stand_in.request())
    assert node_red.debug.wait_for("open this address") == URL
    holds_for(lambda: not node_red.debug.shown["no answer"], "no answer was missed", 11)


def test_answers_to_others_are_left_alone_and_silence_is_said(stand_in, node_red):
    press(node_red)
    stand_in.request()
    stand_in.answer(status="ok", data={"url": URL}, transaction="someone else's")
    stand_in.answer(status="ok", data={"url": URL})
    assert "mqtt.commands" in node_red.debug.wait_for("no answer", 20)
    assert not node_red.debug.shown["open this address"]
