"""The fixtures and hooks that the conftest.py of tests/system and tests/interop share."""

import pytest

from .lab import Lab
from .secrets import leaks

LINES_SHOWN = 120


@pytest.fixture
def lab(tmp_path, request):
    made = Lab(tmp_path)
    request.node.lab = made
    yield made
    made.close()
    found = {name: leaks(text) for name, text in made.logs().items()}
    for recorder in made.recorders:
        found["MQTT"] = [form for message in recorder.messages for form in leaks(message.topic + message.text)]
    found = {name: forms for name, forms in found.items() if forms}
    assert not found, f"secrets were written: {found}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the programs wrote."""
    report = (yield).get_result()
    made = getattr(item, "lab", None)
    if report.failed and made is not None:
        for name, text in made.logs().items():
            lines = text.splitlines()
            left_out = f"({len(lines) - LINES_SHOWN} lines before these)\n" if len(lines) > LINES_SHOWN else ""
            report.sections.append((name, left_out + "\n".join(lines[-LINES_SHOWN:])))
