"""`iometer2mqtt simulate` as a program of its own: README's commands as they are printed, bad options, linking."""

import json
import pathlib
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest
from harness.ports import free_port
from harness.process import Process
from harness.programs import binary, command, environment
from harness.waiting import patience

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
SECTION = "## A Partner API without an account"


def documented():
    """The section's shell blocks: how the simulator is started, then {comment: command} with the settings before."""
    text = README.read_text(encoding="utf-8").split(SECTION, 1)[1].split("\n## ", 1)[0]
    start, calls = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    settings, *parts = re.split(r"^# (.*)\n", calls, flags=re.MULTILINE)
    return start, {comment: settings + code for comment, code in zip(parts[::2], parts[1::2])}


class Documented:
    """The simulator of README at a port of its own, and a shell beside it."""

    def __init__(self, lab):
        self.lab, self.port = lab, free_port()
        start, self.calls = documented()
        words = self._here(start).split("#")[0].split()
        assert words[0] == "iometer2mqtt"
        self.process = Process("simulator of README", [binary(), *words[1:]], lab.folder / "documented.log", environment())
        self.process.wait_for_log(rf"listening on http://127\.0\.0\.1:{self.port}/api/v1/query")

    def _here(self, text):
        return text.replace("8080", str(self.port))

    def script(self, comment):
        found = [code for known, code in self.calls.items() if known.startswith(comment)]
        assert len(found) == 1, f"README has no single command under {comment!r}: {list(self.calls)}"
        return ["bash", "-euo", "pipefail", "-c", self._here(found[0])]

    def run(self, comment):
        done = subprocess.run(self.script(comment), capture_output=True, text=True, check=False, timeout=patience(20),
                              env=environment(no_proxy="*"))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def readme(lab):
    made = Documented(lab)
    yield made
    made.process.kill()


def ask(url, login="b1451a19-53c7-4e8a-87a0-7c45d3807e9d:simulator", **body):
    """The response to a POST, whatever its status."""
    import base64

    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={
        "Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(login.encode()).decode()})
    try:
        with urllib.request.urlopen(request, timeout=patience(10)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def follow(address):
    """Where the page sends the browser."""
    try:
        urllib.request.build_opener(NoRedirect).open(address, timeout=patience(10))
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Location"]
    raise AssertionError("no redirect")


def test_every_documented_command_is_known_here(readme):
    assert [comment.split(",")[0].split(":")[0] for comment in readme.calls] == [
        "a query", "readings as an event stream", "signed in by WSSE", "link an account",
        "end all subscriptions without a word"]
    log = readme.process.log()
    assert "partner id me, secret: the word simulator" in log
    assert "connectUrl" in log and f"http://127.0.0.1:{readme.port}/control" in log
    code, _ = readme.process.terminate()
    assert code == 0


def test_a_query_and_wsse(readme):
    found = readme.run("a query")["data"]["installations"]
    assert re.fullmatch(r"1EMH\d{10}", found[0]["meters"][0]["number"])
    assert readme.run("signed in by WSSE") == {"data": {"partner": {"name": "Simulated Partner"}}}


def test_readings_as_an_event_stream_until_control_drops_it(readme):
    stream = Process("curl", readme.script("readings as an event stream"), readme.lab.folder / "curl.log",
                     environment(no_proxy="*"))
    event = stream.wait_for_log(r"event: next\ndata: (\{.*\})\n\n", 30)
    values = json.loads(event.group(1))["data"]["meterReadings"]["values"]
    assert {"1-0:1.8.0", "1-0:16.7.0"} <= {value["obisCode"] for value in values}
    assert stream.log().startswith(":\n\n")
    assert readme.run("end all subscriptions") == {"ok": True}
    assert stream.wait() == 56, "curl tells a connection that was reset by 56"


def test_linking(readme):
    before = readme.run("a query")["data"]["installations"]
    address = readme.run("link an account")["data"]["connectUrl"]
    with urllib.request.urlopen(address, timeout=patience(10)) as page:
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "http://localhost:1880/linked" in page.read().decode()
    status, target = follow(address + "&decision=accept")
    assert status == 302 and target.startswith("http://localhost:1880/linked?")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query, strict_parsing=True))
    assert query.pop("state") == "42"
    after = readme.run("a query")["data"]["installations"]
    assert len(after) == len(before) + 1
    assert query == {"installation_id": after[-1]["id"]}
    assert follow(address + "&decision=accept") == (404, None), "an address is good once"

    address = readme.run("link an account")["data"]["connectUrl"]
    assert follow(address + "&decision=decline")[1] == "http://localhost:1880/linked?error=access_denied&state=42"


def test_what_is_served_can_be_restricted(lab):
    options = ["--auth", "wsse", "--transports", "graphql-ws"]
    api = lab.simulator(household=options)
    assert ask(api.url, f"{api.partner_id}:{api.secret}", query="{partner{id}}")[0] == 401

    plain = Process("plain", [binary(), "simulate", "--port", "0", "--installations", "5", "--default-page", "2",
                              "--max-page", "3", "--no-introspection"], lab.folder / "plain.log", environment())
    try:
        url = plain.wait_for_log(r"listening on (\S+)").group(1)
        assert len(ask(url, query="{installations{id}}")[1]["data"]["installations"]) == 2
        page = "{installations(pagination:{limit:9,offset:1}){id}}"
        assert len(ask(url, query=page)[1]["data"]["installations"]) == 3
        assert ask(url, query="{__schema{types{name}}}") == (200, {
            "errors": [{"message": "introspection disabled", "path": ["__schema"]}], "data": None})
        status, answer = ask(url, query="subscription{meterReadings{meter{number}}}")
        assert status == 200 and answer["data"]["meterReadings"]["meter"]["number"].startswith("1EMH")
    finally:
        plain.kill()


def test_a_disabled_installation_sends_no_more_readings(lab):
    api = lab.simulator(household=["--installations", "2", "--cadence", "200ms"])
    login = f"{api.partner_id}:{api.secret}"
    ids = [one["id"] for one in ask(api.url, login, query="{installations{id}}")[1]["data"]["installations"]]
    mutation = f'mutation{{disableInstallation(installationId:"{ids[0]}")}}'
    assert ask(api.url, login, query=mutation) == (200, {"data": {"disableInstallation": True}})
    again = ask(api.url, login, query=mutation)[1]["errors"][0]
    assert "already disabled" in again["message"] and again["extensions"]["code"] == "ALREADY_DISABLED"
    for _ in range(4):
        event = ask(api.url, login, query="subscription{meterReadings{meter{installation{id}}}}")[1]
        assert event["data"]["meterReadings"]["meter"]["installation"]["id"] == ids[1]


@pytest.mark.parametrize(("options", "message"), [
    (["--auth", "none"], "--auth: use basic, wsse or any"),
    (["--transports", "sse,websocket"], '--transports: "websocket" is none: use graphql-transport-ws'),
    (["--keep-alive", "10"], "--keep-alive: "),
    (["--keep-alive", "1ms"], "keep_alive: use 10 ms or more"),
    (["--wsse-window", "0s"], "wsse_window: use 1 s to 24 h"),
    (["--default-page", "-1"], "--default-page"),
    (["--max-page", "many"], "--max-page"),
    (["--partner-id", "a:b"], "partner_id: "),
    (["--control", "--host", "0.0.0.0"], "control: has no authentication"),
    (["--key", "/no/such/file"], "give both or none"),
])
def test_bad_options(options, message):
    done = command("simulate", "--port", "0", *options)
    assert done.returncode == 2, done
    assert message in done.stderr + done.stdout


def test_a_port_in_use_is_said_and_nothing_else(lab):
    api = lab.simulator()
    port = urllib.parse.urlsplit(api.url).port
    for host in ("127.0.0.1", "localhost"):
        done = command("simulate", "--host", host, "--port", port)
        assert done.returncode == 1
        assert re.fullmatch(rf"iometer2mqtt: simulator: cannot listen on {host}, port {port}: Address already in use; "
                            r".*\n", done.stderr), done.stderr


def test_an_address_that_this_machine_does_not_have():
    done = command("simulate", "--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 1 and "give an address of this machine" in done.stderr
