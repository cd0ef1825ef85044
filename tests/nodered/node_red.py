"""A Node-RED of the test's own: its user directory, its admin API, and what its debug window shows."""

import collections
import json
import os
import pathlib
import re
import threading
import urllib.request

import websocket
from harness.ports import free_port
from harness.process import Process
from harness.programs import environment
from harness.waiting import patience, wait_for

SETTINGS = """module.exports = {
  uiHost: "127.0.0.1",
  flowFile: "flows.json",
  credentialSecret: "only for the tests",
  mqttReconnectTime: 500,
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, projects: { enabled: false } },
  %s
};
"""


class NodeRed:
    """start() may follow stop() or kill(): same port, same user directory. `more` are further lines of settings.js."""

    def __init__(self, folder):
        self.installed = pathlib.Path(os.environ["IOMETER_NODE_RED"])
        self.folder = folder / "node-red"
        self.folder.mkdir()
        self.port = free_port()
        self.process = None
        self.debug = None
        self._starts = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, more=""):
        (self.folder / "settings.js").write_text(SETTINGS % more)
        program = next(self.installed.glob("node_modules/node-linux-*/bin/node"))
        self._starts += 1
        arguments = [program, self.installed / "node_modules/node-red/red.js", "--port", self.port,
                     "--userDir", self.folder]
        self.process = Process("Node-RED", arguments, self.folder / f"node-red-{self._starts}.log", environment())
        self.process.wait_for_log("Started flows", 60)
        self.debug = DebugWindow(self.port)
        return self

    def deploy(self, nodes):
        """Replaces all flows, as the editor's Deploy does."""
        begun = self.process.log().count("Started flows")
        self._post("/flows", nodes, {"Node-RED-Deployment-Type": "full"})
        wait_for(lambda: self.process.log().count("Started flows") > begun, "Started flows", 30)
        missing = re.search(r"Waiting for missing types[^\n]*\n[^\n]*", self.process.log())
        assert not missing, missing.group()

    def press(self, button):
        """The button of an inject node."""
        self._post(f"/inject/{button}", {}, {})

    def stop(self):
        self.debug.close()
        assert self.process.terminate(20)[0] == 0, self.process.log()

    def kill(self):
        self.debug.close()
        self.process.kill()

    def close(self):
        if self.process is not None and self.process.is_running():
            self.kill()

    def mistakes(self):
        """What went wrong inside the functions of the flows."""
        return [line for file in self.folder.glob("node-red-*.log") for line in file.read_text().splitlines()
                if "[error] [function:" in line]

    def _post(self, path, body, headers):
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"} | headers)
        with urllib.request.urlopen(request, timeout=patience(20)) as answer:
            return answer.read()


class DebugWindow:
    """What the sidebar of the editor would show, by the names of the debug nodes."""

    def __init__(self, port):
        self.shown = collections.defaultdict(list)
        self._socket = websocket.create_connection(f"ws://127.0.0.1:{port}/comms", timeout=patience(10))
        self._socket.send(json.dumps({"subscribe": "debug"}))
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for(self, name, seconds=10):
        """The newest text of that debug node, once there is one."""
        return wait_for(lambda: self.shown[name], f"debug message of {name!r}", seconds,
                        explain=lambda: dict(self.shown))[-1]

    def close(self):
        self._socket.close()

    def _run(self):
        try:
            while True:
                text = self._socket.recv()
                if not text:
                    return
                for one in json.loads(text):
                    if one.get("topic") == "debug":
                        self.shown[one["data"].get("name")].append(one["data"]["msg"])
        except (websocket.WebSocketException, OSError):
            pass


def wait_for_subscriptions(broker, topics, after=0):
    """Until the broker has noted these subscriptions since that position of its log; another position."""
    def noted():
        log = broker.process.log()[after:]
        return all(re.search(rf" (?:nodered\w+|node-red-iometer) [012] {re.escape(topic)}\n", log) for topic in topics)

    wait_for(noted, f"subscriptions to {topics}", 20, explain=lambda: broker.process.log()[after:][-500:])
    return len(broker.process.log())
