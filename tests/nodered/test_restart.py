"""What the broker keeps for a Node-RED that is away, as config/node-red/README.md says it: with the session of the
examples and without one."""

import json

import flows
import pytest
from harness.waiting import holds_for, wait_for
from household import Household
from node_red import wait_for_subscriptions

LEAVES = ("reading", "value/power", "state")


def echo(broker, kind):
    """Flows that publish again, below test/, what they hear on the meters' topics."""
    brokers = [node for node in flows.adapted(["daily-energy"], broker) if node["type"] == "mqtt-broker"]
    nodes = [{"id": "echo", "type": "tab", "label": "Echo"}, *brokers]
    for leaf in LEAVES:
        heard, said = f"hear-{leaf}", f"say-{leaf}"
        nodes.append({"id": heard, "type": "mqtt in", "z": "echo", "topic": f"iometer/meter/+/{leaf}", "qos": "1",
                      "datatype": "utf8", "broker": kind, "rap": False, "rh": 0, "inputs": 0,
                      "wires": [[f"as-{leaf}"]]})
        nodes.append({"id": f"as-{leaf}", "type": "function", "z": "echo", "outputs": 1, "wires": [[said]],
                      "func": "return { topic: `test/${msg.topic}`, payload: msg.payload };"})
        nodes.append({"id": said, "type": "mqtt out", "z": "echo", "topic": "", "qos": "1", "retain": "false",
                      "broker": "iometer-broker", "wires": []})
    return nodes


@pytest.mark.parametrize("kind", ["iometer-broker-session", "iometer-broker"])
def test_readings_are_kept_for_a_session_and_values_for_nobody(lab, node_red, kind):
    home = Household(lab)
    heard = lambda leaf: home.seen.texts(f"test/{home.topic(leaf)}")
    topics = [f"iometer/meter/+/{leaf}" for leaf in LEAVES]
    node_red.start()
    node_red.deploy(echo(home.broker, kind))
    wait_for_subscriptions(home.broker, topics)
    home.push(power="1")
    wait_for(lambda: all(heard(leaf) for leaf in LEAVES), "the first reading")
    node_red.stop()
    for watt in ("2", "3", "4"):
        home.push(power=watt)
    after = len(home.broker.process.log())
    node_red.start()
    wait_for_subscriptions(home.broker, topics, after)
    wait_for(lambda: heard("value/power")[-1] == "4", "the retained value")
    home.push(power="5")
    wait_for(lambda: heard("value/power")[-1] == "5" and len(heard("state")) == 3, "the last value")
    powers = lambda: [json.loads(text)["values"]["power"]["value"] for text in heard("reading")]
    expected = [1, 2, 3, 4, 5] if kind == "iometer-broker-session" else [1, 5]
    wait_for(lambda: powers() == expected, "the readings", explain=powers)
    holds_for(lambda: heard("value/power") == ["1", "4", "5"] and powers() == expected, "nothing more comes", 1)
