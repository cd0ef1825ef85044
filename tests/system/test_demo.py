"""Simulator and bridge in one process, as a newcomer sees them first."""

import json
import re

from harness import observed
from harness.ports import free_port
from harness.programs import command
from harness.waiting import SCALE

# A slow build, or a busy machine, needs its time for the replay of the first hour.
SECONDS = str(int(12 * max(1, SCALE / 2)))


def demo(broker, seconds=SECONDS):
    return command("demo", "--mqtt-url", broker.url, "--seconds", seconds, "--meters", "2", "--cadence", "1s",
                   seconds=float(seconds) + 30)


def test_live_values_of_two_meters(lab):
    broker = lab.broker()
    recorder = lab.recorder(broker)
    result = demo(broker)
    assert result.returncode == 0, result.stderr
    meters = {topic.split("/")[2] for topic in list(recorder.by_topic) if observed.is_reading(topic)}
    assert len(meters) >= 2
    shown = result.stdout.lower()
    assert all(meter in shown for meter in meters), result.stdout
    assert re.search(r"\d+ ?W\b", result.stdout) and "kWh" in result.stdout, result.stdout


def test_it_leaves_nothing_behind(lab):
    """A demo on somebody's own broker must not leave ghosts there."""
    broker = lab.broker()
    recorder = lab.recorder(broker)
    assert demo(broker).returncode == 0
    assert observed.readings(recorder)
    recorder.wait_for_text(observed.BRIDGE_STATE, "")
    assert recorder.texts(observed.BRIDGE_STATE)[-2:] == ["offline", ""]
    left = {topic: text for topic, text in lab.retained(broker).items() if text}
    assert not left, sorted(left)[:10]


def test_registers_follow_power(lab):
    """Whatever the household does: import and export never run backwards."""
    broker = lab.broker()
    recorder = lab.recorder(broker)
    assert demo(broker).returncode == 0
    for topic in list(recorder.by_topic):
        if topic.endswith(("/value/energy_import", "/value/energy_export")):
            numbers = [float(text) for text in recorder.texts(topic) if text]
            assert numbers and numbers == sorted(numbers), topic
    states = [json.loads(text) for topic in list(recorder.by_topic) if re.fullmatch(r"iometer/meter/[^/]+/state", topic)
              for text in recorder.texts(topic) if text]
    assert states and all("energy_import" in state for state in states)


def test_without_a_broker():
    result = command("demo", "--mqtt-url", f"mqtt://127.0.0.1:{free_port()}", "--seconds", "3", seconds=30)
    assert "127.0.0.1" in result.stderr + result.stdout
