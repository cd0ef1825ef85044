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
persistence {persistence}
persistence_location {folder}/
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


def wait_until(condition, seconds, what, pause=0.2):
    """The condition's first true result; polls, since what we wait for happens in other processes."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(pause)


class Broker:
    """Its queues have no limit: by default it drops what Watch is too slow for, such as the replay at a start.

    start() may follow stop(): what it retained is there again with `persistence` alone.
    """

    def __init__(self, folder, persistence=False):
        self.port = free_port()
        self.folder = pathlib.Path(folder)
        self.persistence = persistence
        self.process = None

    def start(self):
        file = self.folder / "mosquitto.conf"
        file.write_text(CONFIGURATION.format(port=self.port, folder=self.folder,
                                             persistence=str(self.persistence).lower()))
        with open(self.folder / "mosquitto.log", "ab") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", str(file)], stdout=log, stderr=log)
        wait_until(lambda: listens(self.port), 10, "mosquitto listens")

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def publish(self, topic, payload, retain=True):
        command = ["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, "-s" if payload else "-n"]
        subprocess.run(command + (["-r"] if retain else []), input=payload.encode(), check=True, timeout=10)


class Watch:
    """Payloads by topic in order of arrival, and what is retained now. One reader thread."""

    def __init__(self, port):
        self.lock = threading.Lock()
        self.payloads = collections.defaultdict(list)
        self.counts = collections.Counter()
        self.kept = {}
        self.seconds = collections.Counter()
        command = ["mosquitto_sub", "-p", str(port), "-V", "5", "--retain-as-published", "-t", "#",
                   "-F", "%U\t%r\t%t\t%x"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            at, retain, topic, payload = line.rstrip("\n").split("\t")
            payload = bytes.fromhex(payload)
            with self.lock:
                self.seconds[int(float(at))] += 1
                self.counts[topic] += 1
                self.payloads[topic].append(payload)
                del self.payloads[topic][:-5]
                if retain == "1" and payload:
                    self.kept[topic] = payload
                elif retain == "1":
                    self.kept.pop(topic, None)

    def published(self):
        """The last payloads of each topic."""
        with self.lock:
            return {topic: list(payloads) for topic, payloads in self.payloads.items()}

    def retained(self):
        with self.lock:
            return dict(self.kept)

    def count(self, topic):
        """How many messages came on it."""
        with self.lock:
            return self.counts[topic]

    def rate(self, since):
        """(most messages in one second, all messages) from that Unix time on, as the subscriber got them."""
        with self.lock:
            counts = [count for second, count in self.seconds.items() if second >= since]
        return max(counts, default=0), sum(counts)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.thread.join(10)
        self.process.stdout.close()
