"""Waiting with a reason: no test sleeps and hopes.

IOMETER_TEST_SCALE stretches every patience for slow builds; it never makes a passing run longer. Without it, the
program itself tells whether it was built with a sanitizer.
"""

import os
import pathlib
import time


def _scale():
    if "IOMETER_TEST_SCALE" in os.environ:
        return float(os.environ["IOMETER_TEST_SCALE"])
    program = pathlib.Path(os.environ.get("IOMETER2MQTT_BINARY", ""))
    code = program.read_bytes() if program.is_file() else b""
    return 10.0 if b"__tsan_init" in code else 4.0 if b"__asan_init" in code else 1.0


SCALE = _scale()


def patience(seconds):
    return seconds * SCALE


def wait_for(condition, what, seconds=10, pause=0.05, explain=lambda: ""):
    """Returns the condition's first true result; fails naming `what` it waited for."""
    deadline = time.monotonic() + patience(seconds)
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"within {patience(seconds):.0f} s there was no {what} {explain()}")
        time.sleep(pause)


def holds_for(condition, what, seconds):
    """Fails as soon as the condition is not true; for things that must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"not for {seconds} s: {what}"
        time.sleep(0.05)
