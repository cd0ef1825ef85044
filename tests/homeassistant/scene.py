"""Broker, bridge and Home Assistant Core together, in one folder and (through run.sh) one closed network namespace."""

import os
import pathlib
import shutil
import tempfile
import time

import announced
import checks
from api import Api
from broker import Broker, Watch, free_port, wait_until
from core import Core


class Scene:
    """Bridge first: Core finds retained announcements at its start. Core first: it sees them come and grow."""

    def __init__(self, bridge, core_first=False):
        self.core_first = core_first
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="iometer-homeassistant-"))
        self.broker = Broker(self.folder)
        self.bridge = bridge
        self.watch = None
        self.core = Core(os.environ["IOMETER_HOMEASSISTANT_ROOT"], self.folder / "core", free_port(), self.broker.port)
        self.api = Api(self.core.http_port)
        self.version = None

    def start(self):
        try:
            self.broker.start()
            self.watch = Watch(self.broker.port)
            for start in (self._start_core, self._start_bridge)[:: 1 if self.core_first else -1]:
                start()
        except BaseException:
            self.stop(keep=True)
            raise

    def _start_bridge(self):
        self.bridge.start(self.broker, self.folder)
        self.wait_for_announcements()

    def _start_core(self):
        self.core.start()
        self.api.onboard()
        self.version = self.api.connect()

    def stop(self, keep=bool(os.environ.get("IOMETER_KEEP"))):
        self.api.close()
        for part in [self.core, self.bridge, self.watch, self.broker]:
            if part is not None:
                part.stop()
        if keep:
            print(f"logs are kept in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def restart_core(self):
        self.api.close()
        self.core.stop()
        self.core.start()
        self.api.connect()

    def components(self):
        return announced.read(self.watch.retained())

    def wait_for_announcements(self, seconds=40):
        """All devices, then two seconds without a change: announcements grow while the first readings come in.

        The bridge gives the replay after its subscription up to 30 s before it announces meters.
        """
        def devices():
            return self.bridge.alive() and {component.topic for component in self.components()}

        wait_until(lambda: len(devices()) >= self.bridge.devices, seconds,
                   f"{self.bridge.devices} devices are announced")
        before = None
        deadline = time.monotonic() + seconds
        while before != self.components():
            if time.monotonic() > deadline:
                raise TimeoutError(f"announcements still change after {seconds} s")
            before = self.components()
            time.sleep(2)

    def state_problems(self):
        published = self.watch.published()
        return checks.states(self.components(), self.api.entities(), self.api.states(), published)

    def settled(self, problems, seconds=20):
        """The problems that remain: Core and the topics are read at slightly different moments."""
        try:
            wait_until(lambda: not problems(), seconds, "no problems")
            return []
        except TimeoutError:
            return problems()

    def log_problems(self):
        words = [component.unique_id for component in self.components() if component.unique_id]
        words += [entity["entity_id"] for entity in self.api.entities().values()]
        return checks.log(self.core.log_entries(), words)
