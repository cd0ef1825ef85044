"""config/node-red/power-alarm.json: hysteresis, and silence about values that are not live."""

import json

import flows
import pytest
from harness.waiting import wait_for
from household import Household
from node_red import wait_for_subscriptions

ALARM = "home/alarm/power"
TOPICS = ["iometer/meter/+/value/power", "iometer/meter/+/availability/live", "iometer/bridge/state"]
# Soon enough for a test, and long enough for what it does meanwhile.
STALE_AFTER = {"availability": {"fixed": "5s"}}


def alarms(home):
    return [(one["meter"], one["alarm"], one["power"]) for one in map(json.loads, home.seen.texts(ALARM))]


def start(home, node_red, broker=None):
    node_red.start()
    node_red.deploy(flows.adapted(["power-alarm"], broker or home.broker))
    wait_for_subscriptions(home.broker, TOPICS)


def is_stale(home, meter=0):
    home.seen.wait_for_text(home.topic("availability/live", meter), "offline", 20)


def test_one_alarm_until_it_is_over(lab, node_red):
    home = Household(lab)
    home.push(power="100")
    home.push(power="100", meter=1)
    start(home, node_red)
    for watt in ("5000", "5000.1", "6000", "4500.1", "5500"):
        home.push(power=watt)
    home.push(power="5001", meter=1)  # the other meter's alarm is its own
    for watt in ("4500", "5000", "-7000"):
        home.push(power=watt)
    home.push(power="4000", meter=1)
    wait_for(lambda: len(alarms(home)) == 4, "four messages", explain=lambda: alarms(home))
    assert alarms(home) == [(home.slug(), True, 5000.1), (home.slug(1), True, 5001), (home.slug(), False, 4500),
                            (home.slug(1), False, 4000)]


def test_no_alarm_for_what_came_while_the_connection_was_lost(lab, node_red):
    """Back again, the flow hears the old power before it hears that it is not live any more."""
    home = Household(lab, **STALE_AFTER)
    network = lab.proxy(home.broker.port)
    start(home, node_red, network)
    home.push(power="100")
    home.push(power="6100", meter=1)
    wait_for(lambda: alarms(home), "the other meter's alarm: the flow hears what is live")
    network.refuse()
    network.cut()
    home.push(power="6000")
    is_stale(home)
    after = len(home.broker.process.log())
    network.accept()
    wait_for_subscriptions(home.broker, TOPICS, after)
    home.push(power="200", meter=1)
    wait_for(lambda: len(alarms(home)) > 1, "the end of the other meter's alarm")
    assert alarms(home) == [(home.slug(1), True, 6100), (home.slug(1), False, 200)]


def test_no_alarm_for_a_value_that_the_bridge_fills_in_again(lab, node_red):
    """A broker that lost its data gets all values again: they come like new ones, and are old."""
    home = Household(lab, **STALE_AFTER)
    home.push(power="6000")
    is_stale(home)
    start(home, node_red)
    home.daemon.pause()
    home.broker.kill()
    after = len(home.broker.process.log())
    home.broker.start()
    wait_for_subscriptions(home.broker, TOPICS, after)
    home.seen.wait_for_connection(2)
    begun = home.seen.position()
    home.daemon.resume()
    home.seen.wait_until(lambda: any(message.topic == home.topic("value/power") and message.text == "6000"
                                     for message in home.seen.since(begun)), "the old value again", 30)
    # It comes after all that the flow has heard before.
    home.push(power="6100", meter=1)
    wait_for(lambda: alarms(home), "an alarm of the other meter")
    assert alarms(home) == [(home.slug(1), True, 6100)]


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_an_alarm_that_is_over_is_said_after_a_restart(lab, node_red, end):
    """Only with a context in files: the flow knows then that it had raised one."""
    home = Household(lab)
    home.push(power="100")
    node_red.start(more='contextStorage: { default: { module: "localfilesystem", config: { flushInterval: 1 } } }')
    node_red.deploy(flows.adapted(["power-alarm"], home.broker))
    wait_for_subscriptions(home.broker, TOPICS)
    home.push(power="6000")
    wait_for(lambda: alarms(home), "an alarm")
    wait_for(lambda: any("alarms" in file.read_text() for file in node_red.folder.glob("context/**/*.json")),
             "the alarm in the files")
    getattr(node_red, end)()
    after = len(home.broker.process.log())
    node_red.start(more='contextStorage: { default: { module: "localfilesystem" } }')
    wait_for_subscriptions(home.broker, TOPICS, after)
    home.push(power="6300")
    home.push(power="200")
    wait_for(lambda: len(alarms(home)) > 1, "the end of the alarm")
    assert alarms(home) == [(home.slug(), True, 6000), (home.slug(), False, 200)]
