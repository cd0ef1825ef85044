"""config/node-red/influxdb.json: every reading in a real InfluxDB, with its digits and its own time."""

import flows
from harness.readings import ago, parse_time
from harness.waiting import wait_for
from household import Household
from node_red import wait_for_subscriptions

TOPIC = "iometer/meter/+/reading"
TOKEN = "for-the-tests-only"


def start(home, node_red, influx):
    node_red.start()
    node_red.deploy(flows.adapted(["influxdb"], home.broker, INFLUX_TOKEN=TOKEN, INFLUX_URL=influx.write_url))
    wait_for_subscriptions(home.broker, [TOPIC])


def milliseconds(reading):
    return round(parse_time(reading["time"]).timestamp() * 1000)


def test_readings_are_stored_exactly_and_once(lab, node_red, influx):
    home = Household(lab)
    start(home, node_red, influx)
    first = home.push(power="-132.5", energy_import="9199.6002", energy_export="12345678.9012")
    second = home.push(energy_import="9199.6004")
    doubted = home.push(power="999", time=ago(hours=-2))
    old = home.push(power="77", time=ago(minutes=30))  # moves no state, and is stored nevertheless
    home.push(power="1", meter=1)
    expected = {(milliseconds(first), "power"): "-132.5", (milliseconds(first), "energy_import"): "9199.6002",
                (milliseconds(first), "energy_export"): "12345678.9012",
                (milliseconds(second), "energy_import"): "9199.6004", (milliseconds(old), "power"): "77"}
    wait_for(lambda: influx.points(home.slug(1)), "the last point")
    wait_for(lambda: influx.points(home.slug()) == expected, "exactly these points",
             explain=lambda: influx.points(home.slug()))
    assert doubted["values"]["power"]["quality"] == "future"
    assert influx.tokens == {f"Token {TOKEN}"}


def test_what_comes_while_node_red_is_away_is_stored(lab, node_red, influx):
    home = Household(lab)
    start(home, node_red, influx)
    home.push(power="1")
    wait_for(lambda: influx.points(home.slug()), "the first point")
    node_red.stop()
    for watt in range(2, 12):
        home.push(power=str(watt))
    node_red.start()
    wait_for(lambda: len(influx.points(home.slug())) == 11, "eleven points", explain=lambda: influx.points(home.slug()))


def test_a_refusal_is_shown(lab, node_red, influx):
    home = Household(lab)
    start(home, node_red, influx)
    influx.away = True
    home.push(power="1")
    assert node_red.debug.wait_for("not written") == "away"


def test_the_token_is_not_in_the_flow(lab, node_red, influx):
    home = Household(lab)
    start(home, node_red, influx)
    assert TOKEN not in (node_red.folder / "flows.json").read_text()
