"""Broker, bridge and Home Assistant Core together, in one folder and (through run.sh) one closed network namespace."""

import os
import pathlib
import shutil
import tempfile
import time
import unittest

import announced
import checks
from api import Api
from broker import Broker, Watch, free_port, wait_until
from core import Core


class Scene:
    """Bridge first: Core finds retained announcements at its start. Core first: it sees them come and grow."""

    def __init__(self, bridge, core_first=False, persistence=False):
        self.core_first = core_first
        self.expected = set()  # patterns of what Core's log may say because of what the test does
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="iometer-homeassistant-"))
        self.broker = Broker(self.folder, persistence)
        self.bridge = bridge
        self.watch = None
        self.core = Core(os.environ["IOMETER_HOMEASSISTANT_ROOT"], self.folder / "core", free_port(), self.broker.port)
        self.api = Api(self.core.http_port)
        self.version = None
        self.prefix = "homeassistant"

    def start(self):
        try:
            self.start_broker()
            for start in (self.first_start_of_core, self.start_bridge)[:: 1 if self.core_first else -1]:
                start()
        except BaseException:
            self.stop(keep=True)
            raise

    def start_bridge(self):
        self.bridge.start(self.broker, self.folder)
        self.wait_for_announcements()

    def first_start_of_core(self):
        self.core.start()
        self.api.onboard()
        self.version = self.api.connect()
        if not self.version.startswith("2025."):
            # Otherwise it takes its configuration for a failure after five minutes, and ends.
            self.api.ask("http/config/promote")

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
        self.stop_core()
        self.start_core()

    def stop_core(self):
        self.api.close()
        self.core.stop()

    def start_core(self):
        self.core.start()
        self.api.connect()

    def stop_broker(self):
        self.expected.add(checks.BROKER_AWAY)
        self.watch.stop()
        self.broker.stop()

    def start_broker(self):
        self.broker.start()
        self.watch = Watch(self.broker.port)

    def delete_device(self, device):
        """As the user does, on the device's page."""
        self.expected.add(checks.DEVICE_DELETED)
        self.api.remove_device(device)

    def stop_all(self):
        self.bridge.end()
        self.stop_core()
        self.stop_broker()

    def start_all(self, order):
        """`order`: "core", "broker" and "bridge", without waiting for one before the next is started."""
        starts = {"core": self.core.launch, "broker": self.start_broker, "bridge": self.bridge.start_daemon}
        for part in order:
            starts[part]()
        self.core.wait_until_ready()
        self.api.connect()

    def components(self):
        return announced.read(self.watch.retained(), self.prefix)

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

    def problems(self):
        """Whatever is not as announced: entities missing or left over, wrong states, wrong devices."""
        api, components = self.api, self.components()
        entities, states, devices = api.entities(), api.states(), api.devices()
        return (checks.registry(components, entities) + checks.devices(components, entities, devices)
                + checks.states(components, entities, states, self.watch.published())
                + checks.ghosts(entities, states, devices) + checks.duplicates(entities))

    def entity_ids(self):
        """Entity id by (platform, unique id)."""
        return {identity: entity["entity_id"] for identity, entity in self.api.entities().items()}

    def log_problems(self):
        words = [component.unique_id for component in self.components() if component.unique_id]
        words += [entity["entity_id"] for entity in self.api.entities().values()]
        return checks.log(self.core.log_entries(), words, self.expected)


class SceneCase(unittest.TestCase):
    """Tests that share one scene; what Core says about us meanwhile is looked at when they have ended."""

    scene = None

    @classmethod
    def begin(cls, scene):
        scene.start()
        cls.scene = scene
        cls.addClassCleanup(scene.stop)

    @classmethod
    def tearDownClass(cls):
        problems = cls.scene.log_problems()
        if problems:
            raise AssertionError("Core's log:\n" + "\n".join(problems))
