"""A mosquitto of the test's own, and a subscriber that remembers all that passes through it."""

import collections
import pathlib
import socket
import subprocess
import threading
import time

CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
user root
max_queued_messages 0
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, seconds, what):
    """The condition's first true result; polls, since what we wait for happens in other processes."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.2)


class Broker:
    """Its queues have no limit: by default it drops what Watch is too slow for, such as the replay at a start."""

    def __init__(self, folder):
        self.port = free_port()
        self.folder = pathlib.Path(folder)
        self.process = None

    def start(self):
        file = self.folder / "mosquitto.conf"
        file.write_text(CONFIGURATION.format(port=self.port))
        with open(self.folder / "mosquitto.log", "ab") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", str(file)], stdout=log, stderr=log)
        wait_until(lambda: listens(self.port), 10, "mosquitto listens")

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def publish(self, topic, payload, retain=True):
        command = ["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, "-s"]
        subprocess.run(command + (["-r"] if retain else []), input=payload.encode(), check=True, timeout=10)


class Watch:
    """Payloads by topic in order of arrival, and what is retained now. One reader thread."""

    def __init__(self, port):
        self.lock = threading.Lock()
        self.payloads = collections.defaultdict(list)
        self.kept = {}
        command = ["mosquitto_sub", "-p", str(port), "-V", "5", "--retain-as-published", "-t", "#", "-F", "%r\t%t\t%x"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            retain, topic, payload = line.rstrip("\n").split("\t")
            payload = bytes.fromhex(payload)
            with self.lock:
                self.payloads[topic].append(payload)
                if retain == "1" and payload:
                    self.kept[topic] = payload
                elif retain == "1":
                    self.kept.pop(topic, None)

    def published(self):
        with self.lock:
            return {topic: payloads[-5:] for topic, payloads in self.payloads.items()}

    def retained(self):
        with self.lock:
            return dict(self.kept)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.thread.join(10)
