"""The fixtures and hooks that the conftest.py of tests/system and tests/interop share."""

import pytest

from . import payloads
from .lab import Lab
from .lab_rules import LabRules
from .secrets import leaks

LINES_SHOWN = 120


def run(made):
    """The lab's life, for a fixture to yield from; at its end nothing that any program wrote may hold a secret, and
    nothing that was published may break a rule of Home Assistant's."""
    yield made
    rules = LabRules(made)
    try:
        rules.settle()
    finally:
        made.close()
    found = {name: leaks(text) for name, text in made.logs().items()}
    found["MQTT"] = [form for recorder in made.recorders for message in recorder.messages
                     for form in leaks(message.topic + message.text)]
    found = {name: forms for name, forms in found.items() if forms}
    assert not found, f"secrets were written: {found}"
    wrong = payloads.problems((message.topic, message.text) for recorder in made.recorders
                              for message in recorder.messages)
    assert not wrong, f"payloads that do not fit config/schemas: {wrong[:10]}"
    broken = rules.broken()
    assert not broken, "Home Assistant's rules are broken:\n" + "\n".join(broken)


@pytest.fixture
def lab(tmp_path):
    yield from run(Lab(tmp_path))


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory):
    """One lab for all tests of a module, where each start would cost more than the test itself."""
    yield from run(Lab(tmp_path_factory.mktemp("shared")))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the programs wrote."""
    report = (yield).get_result()
    labs = [made for made in getattr(item, "funcargs", {}).values() if isinstance(made, Lab)]
    if not report.failed:
        return
    for made in labs:
        for name, text in made.logs().items():
            lines = text.splitlines()
            left_out = f"({len(lines) - LINES_SHOWN} lines before these)\n" if len(lines) > LINES_SHOWN else ""
            report.sections.append((name, left_out + "\n".join(lines[-LINES_SHOWN:])))
