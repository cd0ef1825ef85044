"""The program under test: `run` as a Daemon; `simulate` is in apis.py; everything else by command()."""

import json
import os
import pathlib
import subprocess

import yaml

from .process import Process
from .waiting import patience

# What a stop may take: 1.9 s the daemon's own limit, the rest a busy machine.
STOP_SECONDS = 3


def binary():
    path = os.environ.get("IOMETER2MQTT_BINARY")
    if not path:
        path = pathlib.Path(__file__).resolve().parents[3] / "build/dev/src/iometer2mqtt"
    assert os.access(path, os.X_OK), f"{path} cannot be run; build it, or set IOMETER2MQTT_BINARY"
    return str(path)


def environment(**changes):
    """This process's environment without anything that configures the program."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("IOMETER")}
    return kept | changes


def command(*arguments, seconds=20, **changes):
    """Runs the program to its end: exit code and the texts that it wrote."""
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=patience(seconds), env=environment(**changes))


class Daemon(Process):
    """`iometer2mqtt run` with a configuration of the test's own; memory and log as in Process."""

    def __init__(self, folder, configuration, number, **changes):
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"daemon-{number}.yaml"
        file.write_text(yaml.safe_dump(configuration, allow_unicode=True))
        super().__init__(f"daemon {number}", [binary(), "run", "--config", file], folder / f"daemon-{number}.log",
                         environment(**changes))


class Addon(Process):
    """`iometer2mqtt run` as a Home Assistant add-on: the options on the standard input, no configuration file, the
    token and the Supervisor's address in the environment."""

    def __init__(self, folder, options, number, **changes):
        file = folder / f"options-{number}.json"
        file.write_text(json.dumps(options))
        arguments = [binary(), "run", "--config", folder / "iometer2mqtt.yaml", "--options", "-"]
        changes = {"IOMETER2MQTT_STATE_DIR": str(folder / "state"), "IOMETER2MQTT_LOG_LEVEL": "debug"} | changes
        super().__init__(f"add-on {number}", arguments, folder / f"add-on-{number}.log", environment(**changes), file)
