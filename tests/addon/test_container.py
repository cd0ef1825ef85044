"""The add-on's container, as the Supervisor runs it, from entering id and secret to stopping it. run.sh builds it,
gives the network namespace and calls this.

What stands in for the Supervisor: its address 172.30.32.2 and the name `supervisor`, GET /services/mqtt with the token,
options.json that is root's own, the image's command and variables, a PID namespace of the container's own. What is
missing: Docker, and AppArmor in the kernel; its profile is held against what strace saw (apparmor.py).
"""

import http.client
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]

import apparmor  # noqa: E402
from harness.apis import Api  # noqa: E402
from harness.broker import Broker  # noqa: E402
from harness.process import Process  # noqa: E402
from harness.recorder import retained  # noqa: E402
from harness.secrets import MQTT_PASSWORD, PARTNER_ID, PARTNER_SECRET  # noqa: E402
from harness.waiting import wait_for  # noqa: E402

ROOT = pathlib.Path(os.environ.get("IOMETER_ADDON_ROOT", "/nowhere"))
SUPERVISOR = "172.30.32.2"
TOKEN = "token-of-the-tests-8841"
USER = "addons"
PORT = 8099
CONFIG = yaml.safe_load((HERE.parents[1] / "addon/config.yaml").read_text())


class Supervisor(http.server.ThreadingHTTPServer):
    """Answers what the add-on may ask for, and keeps what was asked."""

    def __init__(self, broker):
        super().__init__((SUPERVISOR, 80), Requests)
        self.broker = broker
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Requests(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._answer(401, {"result": "error", "message": "no token"})
        if self.path != "/services/mqtt":
            return self._answer(403, {"result": "error", "message": "not allowed"})
        return self._answer(200, {"result": "ok", "data": {
            "addon": "core_mosquitto", "host": "127.0.0.1", "port": self.server.broker.port, "ssl": False,
            "username": USER, "password": MQTT_PASSWORD, "protocol": "3.1.1"}})

    def _answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Container(Process):
    """The image's command with its variables, as the first process of a PID namespace, in the image's files."""

    def __init__(self, folder, settings, tracer=()):
        super().__init__("container", [
            *tracer, "unshare", "--pid", "--fork", "--kill-child", f"--mount-proc={ROOT}/proc",
            "chroot", ROOT, "env", "-i", *settings["Env"], f"SUPERVISOR_TOKEN={TOKEN}", "TZ=Europe/Berlin",
            *(settings.get("Entrypoint") or []), *settings["Cmd"]], folder / "container.log")

    def program(self):
        """The number outside of the container of its first process; 0 before it is the program itself."""
        number = self.pid
        while number:
            process = pathlib.Path(f"/proc/{number}")
            if (process / "comm").read_text().strip() == "iometer2mqtt":
                return number
            children = (process / f"task/{number}/children").read_text().split()
            number = int(children[0]) if children else 0
        return 0

    def status(self):
        lines = pathlib.Path(f"/proc/{self.program()}/status").read_text().splitlines()
        return {name: text.split() for name, _, text in (line.partition(":") for line in lines)}


def get(path, source):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10, source_address=(source, 0))
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (ConnectionError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


@pytest.fixture(scope="module", name="scene")
def whole_scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("addon")
    broker = Broker(folder / "broker", users={USER: MQTT_PASSWORD}).start()
    (ROOT / "tmp/simulator-secret").write_text(PARTNER_SECRET)
    api = Api(Process("simulator", ["chroot", ROOT, "iometer2mqtt", "simulate", "--port", "0", "--control",
                                    "--partner-id", PARTNER_ID, "--secret-file", "/tmp/simulator-secret"],
                      folder / "simulator.log"))
    supervisor = Supervisor(broker)
    with open(ROOT / "etc/hosts", "w", encoding="ascii") as hosts:
        hosts.write(f"127.0.0.1 localhost\n{SUPERVISOR} supervisor\n")
    # What the form has no field for, in the add-on's own folder.
    (ROOT / "config").mkdir(exist_ok=True)
    (ROOT / "config/iometer2mqtt.yaml").write_text(f"partner:\n  url: {api.url}\n")
    data = ROOT / "data"
    data.mkdir(exist_ok=True)
    options = CONFIG["options"] | {"partner": {"id": PARTNER_ID, "secret": PARTNER_SECRET, "installations": []},
                                   "mqtt": {"url": "", "username": "", "password": ""}}
    (data / "options.json").write_text(json.dumps(options))
    (data / "options.json").chmod(0o600)
    # A state directory as a restored backup leaves it: root's own.
    (data / "state").mkdir(exist_ok=True)
    os.chown(data / "state", 0, 0)

    settings = json.loads(pathlib.Path(os.environ["IOMETER_ADDON_IMAGE"]).read_text())["OCIv1"]["config"]
    container = Container(folder, settings)
    try:
        container.wait_for_log("connected to the MQTT broker", seconds=20)
        yield {"folder": folder, "broker": broker, "supervisor": supervisor, "container": container,
               "settings": settings}
    finally:
        container.kill()
        supervisor.shutdown()
        api.stop()
        broker.stop()


def test_readings_reach_the_broker_that_the_supervisor_names(scene):
    def power():
        topics = retained(scene["broker"].port, USER, MQTT_PASSWORD)
        return [text for topic, text in topics.items() if re.fullmatch(r"iometer/meter/\w+/value/power", topic)]

    values = wait_for(power, "power on the broker", seconds=30)
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in values)
    topics = retained(scene["broker"].port, USER, MQTT_PASSWORD)
    assert topics["iometer/bridge/state"] == "online"
    assert any(topic.startswith("homeassistant/device/") for topic in topics)
    assert scene["supervisor"].asked and set(scene["supervisor"].asked) == {"/services/mqtt"}


def test_the_watchdog_is_answered_and_nobody_else(scene):
    address = CONFIG["watchdog"].replace("[HOST]", "x").replace(f"[PORT:{PORT}]", str(PORT))
    path = address.removeprefix(f"http://x:{PORT}")
    wait_for(lambda: get(path, SUPERVISOR)[0] == 200, "health")
    assert get(path, "127.0.0.1")[0] != 200


def test_ingress_shows_the_page(scene):
    status, page = get("/", SUPERVISOR)
    assert status == 200 and "<html" in page.lower()
    assert PARTNER_SECRET not in page


def test_the_program_has_no_rights(scene):
    status = scene["container"].status()
    user = status["Uid"][0]
    assert user != "0" and set(status["Uid"]) == {user} and "0" not in status["Gid"] and status.get("Groups", []) == []
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind][0], 16) == 0, kind
    file = (ROOT / "data/options.json").stat()
    assert file.st_uid == 0 and not file.st_mode & 0o077
    refused = subprocess.run(["chroot", f"--userspec={user}:{status['Gid'][0]}", "--groups=", ROOT, "cat",
                              "/data/options.json"], capture_output=True, text=True, check=False)
    assert refused.returncode != 0 and "denied" in refused.stderr
    left = subprocess.run(["find", ROOT, "-xdev", "-type", "f", "-perm", "/6000"], capture_output=True, text=True,
                          check=True)
    assert left.stdout == "", "a way back to root"


def test_its_state_is_where_backups_find_it(scene):
    file = ROOT / "data/state/state.json"
    wait_for(file.exists, "state file", seconds=30)
    assert str(file.stat().st_uid) == scene["container"].status()["Uid"][0]
    assert (ROOT / "data/state").stat().st_mode & 0o777 == 0o700


def test_the_profile_names_the_programs_where_they_are(scene):
    """AppArmor compares resolved paths: a link where Debian had a program would end the add-on at its start."""
    profile = (HERE.parents[1] / "addon/apparmor.txt").read_text()
    start = (HERE.parents[1] / "addon/start.sh").read_text()
    names = re.search(r"bin/\{([\w,]+)\} rix", profile).group(1).split(",")
    used = set(re.findall(r"^(?:exec )?(mkdir|chown|chmod|setpriv)\b", start, re.MULTILINE))
    assert used | {"dash"} == set(names)
    paths = [f"/usr/bin/{name}" for name in names] + ["/usr/local/bin/iometer2mqtt", scene["settings"]["Cmd"][0]]
    found = subprocess.run(["chroot", ROOT, "readlink", "-f", *paths, "/bin/sh"], capture_output=True, text=True,
                           check=True)
    assert found.stdout.split() == [*paths, "/usr/bin/dash"]
    for path in paths[-2:]:
        assert f"  {path} " in profile


def test_labels_say_what_it_is(scene):
    labels = scene["settings"]["Labels"]
    assert labels["io.hass.type"] == "app" and labels["io.hass.arch"] == "amd64"
    assert labels["io.hass.version"] == CONFIG["version"]


def test_a_wrong_option_is_said_in_the_log(scene, tmp_path):
    """Beside the running one, with another file as its input."""
    variables = [text for text in scene["settings"]["Env"] if not text.startswith("IOMETER2MQTT_WEB")]
    result = subprocess.run(["chroot", ROOT, "env", "-i", *variables, f"SUPERVISOR_TOKEN={TOKEN}", "iometer2mqtt",
                             "run", "--config", "/config/iometer2mqtt.yaml", "--options", "-"],
                            input=json.dumps({"partner": {"id": "", "secret": PARTNER_SECRET}}), capture_output=True,
                            text=True, check=False, timeout=20)
    assert result.returncode == 2 and "partner.id" in result.stderr
    assert PARTNER_SECRET not in result.stderr


def test_it_stops_when_told(scene):
    container = scene["container"]
    os.kill(container.program(), 15)
    assert container.wait(CONFIG["timeout"] / 2) == 0, container.log()
    assert retained(scene["broker"].port, USER, MQTT_PASSWORD)["iometer/bridge/state"] == "offline"


def test_the_profile_allows_all_that_it_opens(scene):
    """From its start to its end, with the state of the run before."""
    folder = scene["folder"] / "traced"
    folder.mkdir()
    tracer = ["strace", "-ff", "-y", "-z", "-qq", "-s", "300", "-e", f"trace={apparmor.CALLS}"]
    container = Container(folder, scene["settings"], [*tracer, "-o", folder / "trace"])
    try:
        container.wait_for_log("connected to the MQTT broker", seconds=60)
        state = ROOT / "data/state/state.json"
        before = state.stat().st_mtime_ns
        wait_for(lambda: state.stat().st_mtime_ns > before, "state file, written anew", seconds=60)
        wait_for(lambda: get("/health", SUPERVISOR)[0] == 200, "health")
        os.kill(container.program(), 15)
        assert container.wait(30) == 0, container.log()
    finally:
        if container.is_running() and container.program():
            os.kill(container.program(), 9)  # it would outlive strace
        container.kill()
    traces = [file.read_text() for file in sorted(folder.glob("trace.*"))]
    assert len(traces) > 5
    profile = (HERE.parents[1] / "addon/apparmor.txt").read_text()
    arguments = [ROOT, scene["settings"]["Cmd"][0], "/usr/local/bin/iometer2mqtt"]
    assert apparmor.refusals(traces, profile, *arguments) == []
    # The same eyes see what is missing.
    for rule in ("  /data/options.json r,\n", "    owner /data/state/** rwk,\n", "setpriv", "    /config/{,**} r,\n"):
        assert rule in profile and apparmor.refusals(traces, profile.replace(rule, ""), *arguments), rule


def test_nothing_secret_was_said(scene):
    log = scene["container"].log()
    assert "stopped" in log
    for secret in (PARTNER_SECRET, MQTT_PASSWORD, TOKEN):
        assert secret not in log
