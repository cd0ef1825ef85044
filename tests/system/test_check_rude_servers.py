"""`check` at servers that hang up, or that never end to answer: it neither dies of it nor waits for good."""

import pytest
from harness.rude_server import RudeServer, drip, hang_up
from test_check import Setup, report_of

HTTP = b"HTTP/1.1 200 OK\r\nX-Endless: "
TLS = b"\x16\x03\x03\x3f\xff\x02"  # the beginning of a long ServerHello
CONNACK = b"\x20\xff\xff\x7f"  # one whose length is 2 MB


CASES = [
    ("partner", "http", "hangs up", hang_up, 15), ("partner", "https", "hangs up", hang_up, 12),
    ("partner", "http", "drips", drip(HTTP), 15), ("partner", "https", "drips", drip(TLS), 12),
    ("mqtt", "mqtt", "hangs up", hang_up, 23), ("mqtt", "mqtts", "hangs up", hang_up, 22),
    ("mqtt", "mqtt", "drips", drip(CONNACK), 23), ("mqtt", "mqtts", "drips", drip(TLS), 22),
]


@pytest.mark.parametrize("section, scheme, behave, code", [(a, b, d, e) for a, b, _, d, e in CASES],
                         ids=[f"{scheme} {what}" for _, scheme, what, _, _ in CASES])
def test_a_server_that_is_none(lab, section, scheme, behave, code):
    setup = Setup(lab)
    with RudeServer(behave) as server:
        setup.set(section, url=f"{scheme}://127.0.0.1:{server.port}")
        report = report_of(setup)
        assert server.connections
    assert report["exit_code"] == code, report
    if code == 23:  # somebody takes connections there
        last = report["findings"][-1]
        assert ("is not reachable, or ends the connection" if behave is hang_up
                else "did not answer") in last["what"], report
        assert "is it an MQTT broker's?" in last["next"], report
