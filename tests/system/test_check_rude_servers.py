"""`check` at servers that hang up, or that never end to answer: it neither dies of it nor waits for good."""

import pytest
from harness.rude_server import RudeServer, drip, hang_up
from test_check import Setup, report_of

HTTP = b"HTTP/1.1 200 OK\r\nX-Endless: "
TLS = b"\x16\x03\x03\x3f\xff\x02"  # the beginning of a long ServerHello
CONNACK = b"\x20\xff\xff\x7f"  # one whose length is 2 MB


@pytest.mark.parametrize("scheme, behave, codes", [
    ("http", hang_up, (15,)), ("https", hang_up, (12,)), ("http", drip(HTTP), (15,)), ("https", drip(TLS), (12,)),
], ids=["http hangs up", "https hangs up", "http drips", "https drips"])
def test_an_api_that_is_none(lab, scheme, behave, codes):
    setup = Setup(lab)
    with RudeServer(behave) as server:
        setup.set("partner", url=f"{scheme}://127.0.0.1:{server.port}/api/v1/query")
        report = report_of(setup)
        assert server.connections
    assert report["exit_code"] in codes, report


@pytest.mark.parametrize("scheme, behave, codes", [
    ("mqtt", hang_up, (23,)), ("mqtts", hang_up, (22,)), ("mqtt", drip(CONNACK), (23,)), ("mqtts", drip(TLS), (22,)),
], ids=["mqtt hangs up", "mqtts hangs up", "mqtt drips", "mqtts drips"])
def test_a_broker_that_is_none(lab, scheme, behave, codes):
    setup = Setup(lab)
    with RudeServer(behave) as server:
        setup.set("mqtt", url=f"{scheme}://127.0.0.1:{server.port}")
        report = report_of(setup)
        assert server.connections
    assert report["exit_code"] in codes, report
