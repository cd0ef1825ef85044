"""Recorded traffic → the MQTT messages that it causes, to the letter: NAME.jsonl is what `iometer2mqtt replay` reads,
NAME.expected what it prints. A bug report becomes a test by adding its recording.

IOMETER_GOLDEN=write renews the expected files: read the difference before you commit it.

What is the same in each case (the bridge's own info, health and device) is left out, but for whole_start.
"""

import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

from harness import payloads  # noqa: E402

CASES = sorted(path.stem for path in HERE.glob("*.jsonl"))
BRIDGE_ITSELF = re.compile(r"^\S+ \d \S (\S+/bridge/(info|health)|homeassistant/device/iometer2mqtt_\S+) ")


def run_replay(file, *options):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("IOMETER")}
    return subprocess.run([os.environ["IOMETER2MQTT_BINARY"], "replay", str(file), *options], capture_output=True,
                          text=True, check=False, env=environment, timeout=60)


def replay(name):
    file = HERE / f"{name}.jsonl"
    options = re.findall(r"^# options: (.*)$", file.read_text(), re.MULTILINE)
    result = run_replay(file, *(word for one in options for word in one.split()))
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    if name != "whole_start":
        lines = [line for line in lines if not BRIDGE_ITSELF.match(line)]
    text = "\n".join(lines) + "\n"
    version = re.search(r'"origin":\{"name":"iometer2mqtt","sw_version":"([^"]+)"', result.stdout).group(1)
    # A release must not change every file.
    return re.sub(r'("sw_version"|"version"):"' + re.escape(version) + '"', r'\1:"VERSION"', text)


@pytest.mark.parametrize("name", CASES)
def test_payloads_fit_their_schemas(name):
    messages = [line.split(" ", 4)[3:] for line in (HERE / f"{name}.expected").read_text().splitlines()]
    assert not payloads.problems((topic, *text) for topic, *text in messages if text)


@pytest.mark.parametrize("name", CASES)
def test_golden(name):
    expected = HERE / f"{name}.expected"
    actual = replay(name)
    if os.environ.get("IOMETER_GOLDEN") == "write":
        expected.write_text(actual)
    assert expected.exists(), "run with IOMETER_GOLDEN=write, and read what it wrote"
    assert actual.splitlines() == expected.read_text().splitlines()


def test_there_are_enough_cases():
    assert len(CASES) >= 20


def test_a_wrong_recording_names_the_line(tmp_path):
    recording = tmp_path / "r.jsonl"
    for text, words in [
        ("", ["no line"]),
        ('\n{"at": "2026-03-01T12:00:00Z"}\nnonsense\n', ["line 3"]),
        ('{"frame": "x"}\n', ["line 1", '"at" is missing']),
        ('{"at": "noon"}\n', ["line 1", "noon"]),
        ('{"at": "2026-03-01T12:00:00Z", "frames": "x"}\n', ["line 1", "frames", "frame, answer and closed"]),
        ('{"at": "2026-03-01T12:00:00Z"}\n{"at": "2026-03-01T11:00:00Z"}\n', ["line 2", "earlier"]),
    ]:
        recording.write_text(text)
        result = run_replay(recording)
        assert result.returncode == 2
        assert all(word in result.stderr for word in [str(recording), *words]), result.stderr
