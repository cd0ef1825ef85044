"""Waiting with a reason: no test sleeps and hopes.

IOMETER_TEST_SCALE stretches every patience for slow builds (sanitizers); it never makes a passing run longer.
"""

import os
import time

SCALE = float(os.environ.get("IOMETER_TEST_SCALE", "1"))


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
