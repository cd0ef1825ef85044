"""`link` and `unlink`, as somebody at a terminal and on a telephone uses them, and what a running bridge makes of it."""

import json
import os
import pty
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest
from harness.partner_commands import HOUSEHOLD, UNKNOWN, ask, background, listed, settings
from harness.ports import free_port
from harness.programs import binary, environment
from harness.waiting import holds_for, patience, wait_for


@pytest.fixture
def api(lab):
    return lab.simulator(household=HOUSEHOLD)


# link

class Link:
    """`link` in the background; its address, and what the user's telephone does there."""

    def __init__(self, lab, api, *arguments, redirect=True, name="link"):
        self.redirect_url = f"http://127.0.0.1:{free_port()}/linked"
        flags = ["--partner-redirect-url", self.redirect_url] if redirect else []
        self.process = background(lab, api, name, "link", "--no-qr", *flags, *arguments)
        self.url = self.process.wait_for_log(r"(?m)^  (https?://\S+)$").group(1)
        self.process.wait_for_log("waiting for the installation")

    def decide(self, decision, follow=True):
        """The user's decision; follows the simulator's redirect to `link` as a browser does."""
        opener = urllib.request.build_opener() if follow else urllib.request.build_opener(Stay)
        try:
            with opener.open(f"{self.url}&decision={decision}", timeout=patience(10)) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Location", "")

    def open(self, query):
        """Somebody opens the redirect address."""
        try:
            with urllib.request.urlopen(f"{self.redirect_url}?{query}", timeout=patience(10)) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def only_by_redirect(api):
    """From now on the list has nothing new: a `link` that looks there between two steps of a test sees nothing."""
    api.control("answer", field="installations", count=1000, body='{"data": {"installations": []}}')


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def test_link_is_done_when_the_redirect_brings_the_new_installation(lab, api):
    before = {one["id"] for one in listed(api)}
    link = Link(lab, api)
    status, page = link.decide("accept")
    assert status == 200 and "Linked" in page
    assert link.process.wait() == 0, link.process.log()
    new = {one["id"] for one in listed(api)} - before
    assert len(new) == 1
    assert f"linked\ninstallation {new.pop()}" in link.process.log()


def test_link_is_done_without_a_redirect_too(lab, api):
    link = Link(lab, api, redirect=False)
    assert "https%3A%2F%2Fiometer.de%2F" in link.url or "iometer.de" in link.process.log()
    status, location = link.decide("accept", follow=False)
    assert status == 302 and location.startswith("https://iometer.de/")
    assert link.process.wait(20) == 0, link.process.log()
    assert "linked\ninstallation " in link.process.log()


@pytest.mark.parametrize("decision, words", [("decline", "declined in the IOmeter app"),
                                             ("unauthorized", "partner may not link"),
                                             ("error", "service had a problem")])
def test_link_explains_each_refusal(lab, api, decision, words):
    link = Link(lab, api)
    status, page = link.decide(decision)
    assert status == 200 and "not linked" in page
    assert link.process.wait() == 1
    assert words in link.process.log()
    assert len(listed(api)) == 3


def test_link_refuses_a_forged_state_and_goes_on_waiting(lab, api):
    link = Link(lab, api)
    for query in [f"installation_id={UNKNOWN}&state={'0' * 32}", f"installation_id={UNKNOWN}", "",
                  "error=access_denied", f"installation_id={UNKNOWN}&state=<script>"]:
        status, page = link.open(query)
        assert status == 400 and UNKNOWN not in page and "script" not in page
    link.process.wait_for_log("without the right state")
    for _ in range(20):
        assert link.open("state=flood")[0] == 400
    link.process.wait_for_log("refused silently")
    assert link.process.log().count("without the right state") == 5
    holds_for(link.process.is_running, "link still waits", 0.5)
    only_by_redirect(api)
    status, location = link.decide("accept", follow=False)
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["state"][0]
    assert re.fullmatch("[0-9a-f]{32}", state)
    status, page = link.open(f"state={state}&installation_id=%3Cscript%3E")
    assert status == 400 and "script" not in page
    assert link.open(urllib.parse.urlsplit(location).query)[0] == 200
    assert link.process.wait() == 0, link.process.log()


def test_link_shows_the_installation_that_its_own_redirect_told(lab, api):
    before = {one["id"] for one in listed(api)}
    link, other = Link(lab, api), Link(lab, api, name="other")
    only_by_redirect(api)
    query = urllib.parse.urlsplit(link.decide("accept", follow=False)[1]).query
    mine = urllib.parse.parse_qs(query)["installation_id"][0]
    other_query = urllib.parse.urlsplit(other.decide("accept", follow=False)[1]).query
    others = urllib.parse.parse_qs(other_query)["installation_id"][0]
    # The list has both before either telephone comes back.
    assert link.open(query)[0] == 200 and other.open(other_query)[0] == 200
    for process, linked in [(link.process, mine), (other.process, others)]:
        assert process.wait() == 0, process.log()
        assert f"linked\ninstallation {linked}" in process.log()
    api.control("answer", field="installations", count=0)
    assert {mine, others} == {one["id"] for one in listed(api)} - before


def test_link_says_what_to_do_when_nobody_links(api):
    result = ask(api, "link", "--no-qr", "--timeout", "1s")
    assert result.returncode == 1
    assert "no new installation" in result.stderr and "--timeout" in result.stderr


def test_link_shows_a_qr_code_unless_told_not_to(api):
    assert "▄▄▄▄▄" in ask(api, "link", "--timeout", "1s").stdout
    assert "▄▄▄▄▄" not in ask(api, "link", "--timeout", "1s", "--no-qr").stdout


def test_link_passes_the_apis_own_refusal_on(api):
    api.control("answer", field="connectUrl", status=200, count=1, body=json.dumps(
        {"errors": [{"message": "redirectUrl is not allowed", "path": ["connectUrl"]}], "data": None}))
    result = ask(api, "link", "--no-qr")
    assert result.returncode == 1 and "redirectUrl is not allowed" in result.stderr


def test_link_needs_an_address_that_it_can_listen_on(lab, api):
    for url, words in [("https://example.org/linked", "http://"), (api.url, "cannot listen")]:
        result = ask(api, "link", "--no-qr", "--partner-redirect-url", url)
        assert result.returncode == 2 and words in result.stderr and "partner.redirect_url" in result.stderr


# unlink

def test_unlink_ends_the_access_to_one_installation(api):
    ids = [one["id"] for one in listed(api)]
    result = ask(api, "unlink", ids[1], "--yes")
    assert result.returncode == 0, result.stderr
    assert f"installation {ids[1]}" in result.stdout and f"unlinked {ids[1]}" in result.stdout
    assert [one["id"] for one in listed(api)] == [ids[0], ids[2]]
    again = ask(api, "unlink", ids[1], "--yes")
    assert again.returncode == 1 and "knows no installation" in again.stderr


def test_unlink_without_introspection_finds_the_arguments_itself(lab):
    api = lab.simulator(household=[*HOUSEHOLD, "--no-introspection"])
    ids = [one["id"] for one in listed(api)]
    result = ask(api, "unlink", ids[0], "--yes")
    assert result.returncode == 0, result.stderr
    assert [one["id"] for one in listed(api)] == ids[1:]


@pytest.mark.parametrize("text", ["nonsense", "1EMH0007058153", UNKNOWN[:-1], UNKNOWN + "0"])
def test_unlink_knows_what_is_no_id(api, text):
    asked = api.stats()["http_requests"]
    result = ask(api, "unlink", text, "--yes")
    assert result.returncode == 2 and "installation's id, see iometer2mqtt installations" in result.stderr
    assert api.stats()["http_requests"] == asked


def test_unlink_does_nothing_where_nobody_can_confirm(api):
    ids = [one["id"] for one in listed(api)]
    result = ask(api, "unlink", ids[0])
    assert result.returncode == 2 and "--yes" in result.stderr
    assert len(listed(api)) == 3


@pytest.mark.parametrize("answer, left", [("n", 3), ("", 3), ("y", 2)])
def test_unlink_asks_at_a_terminal(api, tmp_path, answer, left):
    ids = [one["id"] for one in listed(api)]
    master, slave = pty.openpty()
    output = tmp_path / "output"
    with open(output, "wb") as log:

        child = subprocess.Popen([binary(), "unlink", ids[0]], stdin=slave, stdout=log, stderr=log,
                                 env=environment(**settings(api)))
        wait_for(lambda: b"[y/N]" in output.read_bytes(), "question")
        os.write(master, answer.encode() + b"\n")
        code = child.wait(patience(10))
    os.close(master)
    os.close(slave)
    assert code == (0 if answer == "y" else 1)
    assert len(listed(api)) == left


def test_unlink_tells_an_unknown_installation_from_a_refusal(api):
    result = ask(api, "unlink", UNKNOWN, "--yes")
    assert result.returncode == 1 and "knows no installation" in result.stderr
    found = listed(api)[0]["id"]
    api.control("answer", field="disableInstallation", status=200, count=1, body=json.dumps(
        {"errors": [{"message": "forbidden", "path": ["disableInstallation"]}], "data": None}))
    result = ask(api, "unlink", found, "--yes")
    assert result.returncode == 1 and "not unlinked" in result.stderr and "forbidden" in result.stderr


def test_a_running_bridge_follows_link_and_unlink(lab):
    api = lab.simulator(household=["--installations", 1, "--meters", 1, "--devices", 1, "--cadence", "1s"])
    broker = lab.broker()
    lab.start(api, broker, partner={"poll_interval": "1s"})
    link = Link(lab, api)
    assert link.decide("accept")[0] == 200
    assert link.process.wait() == 0, link.process.log()
    new = listed(api)[-1]
    number = new["meters"][0]["number"].lower()
    device = new["devices"][0]["id"][:8]

    def retained(topic):
        return lab.retained(broker).get(f"iometer/{topic}")

    wait_for(lambda: retained(f"device/{device}/availability") == "online", "new device", 20)
    wait_for(lambda: retained(f"meter/{number}/availability") == "online", "new meter", 20)
    assert ask(api, "unlink", new["id"], "--yes").returncode == 0
    wait_for(lambda: retained(f"meter/{number}/reason") == "unlinked", "word of the unlinked meter", 30)
