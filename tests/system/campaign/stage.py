"""What a campaign plays on: an API, a broker and a daemon, with a proxy before each server and a clock of the daemon's
own; what can be done to them, and everything that was done, with its time."""

import contextlib
import time

from harness import observed
from harness.fake_clock import FakeClock
from harness.waiting import wait_for

from .stream import Stream

IDLE = "6s"
KEEPALIVE = 5  # seconds: the shortest that the daemon takes


def installation_of(meter):
    listed = {"id": meter.id, "number": meter.number}
    return {"id": meter.installation, "meters": [listed], "currentMeter": listed, "devices": [], "currentDevice": None}


class Timeline:
    def __init__(self):
        self.begun = time.monotonic()
        self.entries = []  # (monotonic, text)

    def note(self, text):
        self.entries.append((time.monotonic(), text))

    def text(self, around=None, seconds=20):
        """All of it, or only what happened near a moment."""
        return "\n".join(f"{at - self.begun:8.2f} {text}" for at, text in self.entries
                         if around is None or abs(at - around) < seconds)


class Stage:
    def __init__(self, lab, seed):
        self.lab = lab
        self.timeline = Timeline()
        self.api = lab.simulator()
        self.broker = lab.broker(persistence=True)
        self.to_api, self.to_broker = lab.proxy(self.api.port), lab.proxy(self.broker.port)
        self.recorder = lab.recorder(self.broker)
        self.clock = FakeClock(lab.folder)
        self.stream = Stream(self.api, seed)
        self.api.control("installations", installations=[installation_of(meter) for meter in self.stream.meters])
        self.broker_memory = []  # ranges of the recorder's messages that a broker said by itself when it came back
        self.lives = []  # monotonic, when a daemon was started
        self.daemon = None
        self._stalls = {}
        self._marks = 0

    def configuration(self):
        return self.lab.configure(
            self.api, self.broker,
            partner={"url": self.api.url.replace(str(self.api.port), str(self.to_api.port)),
                     "idle_timeout": IDLE, "poll_interval": "1s"},
            mqtt={"url": f"mqtt://127.0.0.1:{self.to_broker.port}", "keepalive": f"{KEEPALIVE}s"})

    def start_daemon(self):
        self.lives.append(time.monotonic())
        self.daemon = self.lab.daemon(self.configuration(), **self.clock.environment())

    def kill_daemon(self):
        self.daemon.kill()

    def stop_daemon(self):
        code, _ = self.daemon.terminate()
        assert code == 0, f"{self.daemon.name} ended with {code}"

    def daemon_runs(self):
        return self.daemon is not None and self.daemon.is_running()

    def broker_runs(self):
        return self.broker.process.is_running()

    @contextlib.contextmanager
    def stalled(self, way):
        self.stall(way)
        yield
        self.flow(way)

    def stall(self, way):
        """Several stalls at once end with the last of them."""
        self._stalls[way] = self._stalls.get(way, 0) + 1
        way.stalled = True

    def flow(self, way):
        self._stalls[way] -= 1
        way.stalled = self._stalls[way] > 0

    def kill_broker(self, wipe):
        """kill -9. Nothing goes in or out any more for the moment before, until the recorder has all that the broker
        took: what is acknowledged and recorded by nobody would look like a loss of the daemon's."""
        with self.stalled(self.to_broker):
            self.wait_for_recorder()
            self.to_broker.refuse()
            self.broker.kill(wipe)
            self.to_broker.cut()

    def return_broker(self):
        """The daemon finds the way to it only when the recorder listens."""
        connection = self.recorder.connections + 1
        self.broker.start()
        self.recorder.wait_for_connection(connection)
        begin = self.recorder.connected_at[connection - 1]
        self.wait_for_recorder()
        self.broker_memory.append((begin, self.recorder.position()))
        self.to_broker.accept()

    def wait_for_recorder(self):
        """Until it has everything that the broker has taken until now."""
        self._marks += 1
        self.recorder.publish("campaign/mark", str(self._marks))
        self.recorder.wait_for_text("campaign/mark", str(self._marks))

    def heal(self):
        """The end of all faults."""
        for way in (self.to_api, self.to_broker):
            self._stalls[way], way.stalled, way.latency = 0, False, 0.0
        self.clock.set(0)
        if not self.broker_runs():
            self.return_broker()
        self.api.control("refuse", count=0)
        self.to_api.refuse()
        self.to_api.accept()
        if not self.daemon_runs():
            self.start_daemon()

    def wait_for_start(self):
        """Until all meters are live."""
        self.api.wait_for_subscription()
        self.recorder.wait_for_text(observed.BRIDGE_STATE, "online")
        for meter in self.stream.meters:
            observed.wait_for_meter(self.recorder, meter)
            wait_for(lambda meter=meter: self._availability(meter) == "online", f"availability of {meter.number}", 20)

    def _availability(self, meter):
        return self.recorder.last(observed.meter_topic(self.recorder, meter, "availability"))
