"""config/node-red/daily-energy.json: exact, by local days, and what a restart of Node-RED leaves of it."""

import datetime
import decimal
import json

import documents
import flows
import pytest
from harness.readings import ago, now
from harness.waiting import wait_for
from household import Household
from node_red import wait_for_subscriptions

READING = "iometer/meter/+/reading"


def today(home, meter=0):
    return [json.loads(text) for text in home.seen.texts(f"home/energy/{home.slug(meter)}/today")]


def wait_for_energy(home, energy, meter=0):
    def newest():
        found = today(home, meter)
        return found[-1] if found and found[-1]["energy_import"] == energy else None

    return wait_for(newest, f"{energy} kWh", 15, explain=lambda: today(home, meter)[-3:])


def zone_where_midnight_was(time):
    """A zone of whole hours whose newest midnight is the newest full hour."""
    hours = -time.hour if time.hour <= 12 else 24 - time.hour
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"  # POSIX: the sign is the other way round


def start(home, node_red, more="", **environment):
    node_red.start(more)
    node_red.deploy(flows.adapted(["daily-energy"], home.broker, **environment))
    wait_for_subscriptions(home.broker, [READING])


def restart(home, node_red, more=""):
    after = len(home.broker.process.log())
    node_red.start(more)
    wait_for_subscriptions(home.broker, [READING], after)


def test_the_energy_has_the_registers_digits(lab, node_red):
    home = Household(lab)
    start(home, node_red)
    # As JavaScript numbers these differ by 0.10000000000127329 and 0.20000000000072760.
    for register in ("9199.6002", "9199.7002", "9199.8002"):
        home.push(energy_import=register)
    assert wait_for_energy(home, "0.2000")["meter"] == home.slug()
    # More digits than a JavaScript number has.
    home.push(meter=1, energy_import="1234567890.1234567891")
    home.push(meter=1, energy_import="1234567891.1234567890")
    wait_for_energy(home, "0.9999999999", meter=1)
    assert [one["energy_import"] for one in today(home)] == ["0.0000", "0.1000", "0.2000"]


def test_a_day_begins_at_local_midnight_where_the_last_one_ended(lab, node_red):
    home = Household(lab)
    time = now()
    midnight = time.replace(minute=0, second=0, microsecond=0)
    if time - midnight < datetime.timedelta(seconds=10):  # so that all of it is in the past
        midnight -= datetime.timedelta(hours=1)
    start(home, node_red, TIME_ZONE=zone_where_midnight_was(midnight))
    at = lambda seconds: midnight + datetime.timedelta(seconds=seconds)
    home.push(energy_import="100.5", time=at(-120))
    home.push(energy_import="101.25", time=at(-1))
    home.push(energy_import="101.5", time=at(1))
    wait_for_energy(home, "0.25")
    before, last, after = today(home)
    assert (before["energy_import"], last["energy_import"]) == ("0.0", "0.75")
    assert before["day"] == last["day"] < after["day"]
    # What was counted over midnight belongs to the new day: all days together are what the meter counted.
    assert after["since"] == last["until"]
    assert home.lab.retained(home.broker)[f"home/energy/{home.slug()}/today"]


def test_copies_and_history_change_nothing(lab, node_red):
    home = Household(lab)
    start(home, node_red)
    home.push(energy_import="10.0", time=ago(seconds=5))
    newest = home.push(energy_import="10.5", time=ago(seconds=3))
    wait_for_energy(home, "0.5")
    home.push(energy_import="9.0", time=ago(minutes=5))
    home.seen.publish(home.topic("reading"), json.dumps(newest | {"resent": True}))
    home.push(energy_import="10.75", time=ago(seconds=1))
    wait_for_energy(home, "0.75")
    assert [one["energy_import"] for one in today(home)] == ["0.0", "0.5", "0.75"]


def test_a_value_in_doubt_is_left_out(lab, node_red):
    home = Household(lab)
    start(home, node_red)
    home.push(energy_import="10.0")
    home.push(energy_import="99.0", time=ago(hours=-2))
    home.push(energy_import="10.5")
    wait_for_energy(home, "0.5")
    assert [one["energy_import"] for one in today(home)] == ["0.0", "0.5"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_readings_of_a_restart_come_from_the_session(lab, node_red, end):
    """Values come with QoS 0 and are not kept for us; readings are, in order, and each once."""
    home = Household(lab)
    settings = documents.block("config/node-red/README.md", "js")
    start(home, node_red, settings)
    home.push(energy_import="10.0")
    wait_for_energy(home, "0.0")
    if end == "kill":  # which cannot write any more what changed in the last 30 seconds
        wait_for(lambda: any('"last"' in file.read_text() for file in node_red.folder.glob("context/**/*.json")),
                 "the register in the files", 40)
    getattr(node_red, end)()
    registers = [str(10 + decimal.Decimal("0.25") * number) for number in range(1, 41)]
    for register in registers:
        home.push(energy_import=register)
    restart(home, node_red, settings)
    wait_for_energy(home, str(decimal.Decimal(registers[-1]) - 10))
    counted = [one["energy_import"] for one in today(home)]
    assert len(counted) == 41 and counted == sorted(set(counted), key=decimal.Decimal)


def test_without_a_context_in_files_the_day_says_since_when(lab, node_red):
    home = Household(lab)
    start(home, node_red)
    home.push(energy_import="10.0")
    wait_for_energy(home, "0.0")
    node_red.stop()
    restart(home, node_red)
    begun = home.push(energy_import="11.0")
    home.push(energy_import="11.5")
    assert wait_for_energy(home, "0.5")["since"] == begun["time"]
