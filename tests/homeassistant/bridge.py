"""The real program: its simulator as the Partner API, and the daemon between that and the broker."""

import json
import os
import pathlib
import signal
import subprocess
import urllib.request

from broker import free_port, listens, wait_until


def configuration(partner_port, broker_port, folder):
    """JSON is YAML, too: the file is written from this."""
    return {
        "partner": {"url": f"http://127.0.0.1:{partner_port}/api/v1/query", "id": "demo", "secret": "demo",
                    "poll_interval": "5s"},
        "mqtt": {"url": f"mqtt://127.0.0.1:{broker_port}"},
        "state_dir": f"{folder}/state",
        "log_level": "debug",
    }


class Bridge:
    """kill() takes the daemon alone away, as a crash does; start_daemon() brings it back with the same state."""

    def __init__(self, meters=2, household=None, options=None):
        """`household`: arguments of the simulator instead of that many meters with a reading a second.

        `options`: what the configuration has besides (see configure()).
        """
        self.program = os.environ["IOMETER2MQTT_BINARY"]
        self.household = household or ["--meters", str(meters), "--cadence", "1s"]
        self.options = options or {}
        self.port = None
        self.broker = None
        self.meters = meters
        self.devices = meters + 2  # the IOmeter device that reads them, and the service itself
        self.folder = None
        self.simulator = None
        self.daemon = None

    def start(self, broker, folder):
        self.prepare(broker, folder)
        self.start_daemon()

    def prepare(self, broker, folder):
        """All but the daemon: the Partner API is there, and the configuration."""
        self.folder = pathlib.Path(folder)
        self.broker = broker
        port = self.port = free_port()
        secret = self.folder / "secret"
        secret.write_text("demo\n")
        self.simulator = self._run("simulate", "--port", str(port), *self.household, "--partner-id", "demo",
                                   "--secret-file", str(secret))
        wait_until(lambda: self.alive() and listens(port), 10, "the simulator listens")
        self.configure()

    def configure(self, **options):
        """Writes the configuration with these options (a dict is a section) for the next start of the daemon."""
        self.options |= options
        whole = configuration(self.port, self.broker.port, self.folder)
        for name, value in self.options.items():
            whole[name] = whole.get(name, {}) | value if isinstance(value, dict) else value
        (self.folder / "bridge.yaml").write_text(json.dumps(whole, indent=1))

    def control(self, action, **arguments):
        """The simulator's answer; needs --control among the household's arguments."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control",
                                         data=json.dumps({"action": action, **arguments}).encode(),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    def request(self, command):
        """A command over MQTT."""
        self.broker.publish(f"iometer/bridge/request/{command}", "{}", retain=False)

    def command(self, *arguments):
        """The output of one of the program's commands that end by themselves."""
        done = subprocess.run([self.program, *arguments, "--config", str(self.folder / "bridge.yaml")],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              env=self._environment())
        if done.returncode != 0:
            raise RuntimeError(f"iometer2mqtt {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def start_daemon(self):
        self.daemon = self._run("run", "--config", str(self.folder / "bridge.yaml"))

    def _run(self, command, *arguments):
        with open(self.folder / f"{command}.log", "ab") as log:
            return subprocess.Popen([self.program, command, *arguments], stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=log, env=self._environment())

    @staticmethod
    def _environment():
        """The program reads its own variables; none of the tests' may reach it."""
        return {name: text for name, text in os.environ.items() if not name.startswith("IOMETER")}

    def alive(self):
        """True, or an error that shows the last lines of the program that has ended."""
        for name, process in (("simulate", self.simulator), ("run", self.daemon)):
            if process is not None and process.poll() is not None:
                tail = (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"iometer2mqtt {name} ended with {process.returncode}:\n{tail}")
        return True

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def end(self):
        """The exit code of an orderly stop."""
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(10)

    def stop(self):
        for process in (self.daemon, self.simulator):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
