"""What one test starts, its folder, and the end of it all. The fixture `lab` gives each test one."""

import itertools
import pathlib

from . import discovery
from .apis import Simulator
from .broker import Broker
from .process import Process
from .programs import Addon, Daemon
from .proxy import Proxy
from .recorder import Recorder, retained
from .supervisor import Supervisor


class Lab:
    """`prefixes` are the discovery prefixes in use; `expected_breaks` patterns of Home Assistant's rules that a test
    breaks on purpose (lab_rules.py)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.recorders = []
        self.late_recorders = []  # those that did not see the first daemon's first word
        self.daemons = []
        self.prefixes = {discovery.PREFIX}
        self.expected_breaks = []
        self._numbers = itertools.count(1)
        self._ends = []

    def _add(self, thing, end):
        self._ends.append(end)
        return thing

    def broker(self, **options):
        broker = Broker(self.folder / f"broker-{next(self._numbers)}", **options)
        return self._add(broker.start(), broker.stop)

    def simulator(self, **options):
        simulator = Simulator(self.folder, next(self._numbers), **options)
        return self._add(simulator, simulator.stop)

    def proxy(self, target_port, **options):
        proxy = Proxy(target_port, **options)
        return self._add(proxy, proxy.stop)

    def recorder(self, broker, **options):
        recorder = Recorder(broker.plain_port, **options)
        if self.daemons:
            self.late_recorders.append(recorder)
        self.recorders.append(recorder)
        return self._add(recorder, recorder.close)

    def process(self, name, arguments, **options):
        process = Process(name, arguments, self.folder / f"{name}.log", **options)
        return self._add(process, process.kill)

    def daemon(self, configuration, **environment):
        """`configuration` as configure() makes it; `environment` is added to the process's own."""
        daemon = Daemon(self.folder, configuration, next(self._numbers), **environment)
        self.daemons.append(daemon)
        self.prefixes.add(configuration.get("homeassistant", {}).get("prefix", discovery.PREFIX))
        return self._add(daemon, daemon.kill)

    def addon(self, options, **environment):
        addon = Addon(self.folder, options, next(self._numbers), **environment)
        self.daemons.append(addon)
        return self._add(addon, addon.kill)

    def supervisor(self):
        supervisor = Supervisor()
        return self._add(supervisor, supervisor.stop)

    def configure(self, api, broker, partner=None, mqtt=None, **more):
        """A configuration for the two; `partner` and `mqtt` add or replace keys."""
        return {
            "partner": {"url": api.url, "id": api.partner_id, "secret": api.secret} | (partner or {}),
            "mqtt": {"url": broker.url} | (mqtt or {}),
            "state_dir": str(self.folder / "state"),
            "log_level": "debug",
        } | more

    def start(self, api, broker, **changes):
        """A daemon that has subscribed to the API and reached the broker."""
        daemon = self.daemon(self.configure(api, broker, **changes))
        api.wait_for_subscription()
        return daemon

    def retained(self, broker, **login):
        return retained(broker.plain_port, **login)

    def close(self):
        for end in reversed(self._ends):
            end()

    def logs(self):
        """{name: text} of all programs' output."""
        return {file.relative_to(self.folder).as_posix(): file.read_text(errors="replace")
                for file in sorted(self.folder.rglob("*.log"))}
