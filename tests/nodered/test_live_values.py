"""config/node-red/live-values.json: the dashboard in a real browser, at once from what is retained, and never with an
old power."""

import flows
from household import Household
from node_red import wait_for_subscriptions

TOPICS = ["iometer/meter/+/state", "iometer/meter/+/availability/live", "iometer/bridge/state"]


def start(home, node_red):
    after = len(home.broker.process.log())
    node_red.start()
    if not (node_red.folder / "flows.json").exists():
        node_red.deploy(flows.adapted(["live-values"], home.broker))
    wait_for_subscriptions(home.broker, TOPICS, after)


def look(node_red, tab):
    tab.open(f"{node_red.url}/dashboard/electricity")


def test_all_meters_live(lab, node_red, tab):
    home = Household(lab)
    start(home, node_red)
    look(node_red, tab)
    home.push(power="132.5", energy_import="9199.6002", energy_export="74456.5592")
    home.push(meter=1, power="-140")
    number, other = (meter.number for meter in home.meters)
    tab.wait_for(number, "132.5", "9199.6002", "74456.5592", other, "-140", "Power (W)")
    home.push(power="133.5")
    tab.wait_for("133.5", "9199.6002", without=["132.5"])


def test_a_restart_shows_what_is_retained(lab, node_red, tab):
    home = Household(lab)
    home.push(power="132.5", energy_import="9199.6002")
    start(home, node_red)
    look(node_red, tab)
    tab.wait_for("132.5", "9199.6002")
    node_red.stop()
    start(home, node_red)
    look(node_red, tab)
    tab.wait_for("132.5", "9199.6002")


def test_power_that_is_not_live_is_not_shown(lab, node_red, tab):
    home = Household(lab, availability={"fixed": "5s"})
    start(home, node_red)
    look(node_red, tab)
    home.push(power="132.5", energy_import="9199.6002")
    tab.wait_for("132.5", "9199.6002")
    tab.wait_for("9199.6002", "–", without=["132.5"])
    home.push(power="140.5")
    tab.wait_for("140.5")
    home.daemon.kill()
    tab.wait_for("9199.6002", "–", without=["140.5"])
