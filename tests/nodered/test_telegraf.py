"""config/telegraf.conf in a real Telegraf, begun as README.md says: every reading is stored with its digits."""

import os

import documents
from harness.programs import environment
from harness.readings import ago
from harness.waiting import wait_for
from household import Household

TOKEN = "from-the-environment"


def start(lab, installed, home, influx):
    """The command of README.md, with Telegraf in the path and other addresses in the environment."""
    (command,) = [one for one in documents.blocks("README.md", "sh") if "telegraf" in one]
    assert command.startswith("INFLUX_TOKEN=… "), command
    changes = {"PATH": f"{installed}:{os.environ['PATH']}", "MQTT_URL": f"tcp://127.0.0.1:{home.broker.port}",
               "INFLUX_URL": influx.url}
    script = f"cd {documents.TOP} && exec env {command.replace('…', TOKEN)}"
    telegraf = lab.process("telegraf", ["sh", "-c", script], environment=environment(**changes))
    telegraf.wait_for_log("Connected", 30)
    return telegraf


def stored(influx, home, field):
    return [text for (_, name), text in sorted(influx.points(home.slug()).items()) if name == field]


def test_each_reading_is_stored_also_those_of_a_restart(lab, installed, influx):
    home = Household(lab)
    telegraf = start(lab, installed, home, influx)
    home.push(power="132", energy_import="9199.6002")
    home.push(power="-140.5", energy_import="9199.6004")
    telegraf.terminate()
    home.push(power="999", time=ago(hours=-2))  # in doubt: its time is to come
    home.push(power="150", energy_import="9199.6006")  # for the session that the broker keeps
    start(lab, installed, home, influx)
    home.push(power="160", energy_import="12345678.9012", time=ago(seconds=-1))
    wait_for(lambda: len(stored(influx, home, "power")) == 4, "four readings in the database", 40,
             explain=lambda: influx.points(home.slug()))
    assert stored(influx, home, "energy_import") == ["9199.6002", "9199.6004", "9199.6006", "12345678.9012"]
    assert stored(influx, home, "power") == ["132", "-140.5", "150", "160"]
    assert influx.tokens == {f"Token {TOKEN}"}


def test_what_was_not_written_comes_again_even_after_a_crash(lab, installed, influx):
    home = Household(lab)
    telegraf = start(lab, installed, home, influx)
    influx.away = True
    home.push(power="132")
    home.push(power="133")
    wait_for(lambda: influx.refused, "a refused write", 40)
    telegraf.kill()
    influx.away = False
    assert not influx.points(home.slug())
    start(lab, installed, home, influx)
    wait_for(lambda: stored(influx, home, "power") == ["132", "133"], "both readings", 40)
