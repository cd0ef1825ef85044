"""Home Assistant Core as a child process: its folder, its start and stop, its log.

Core runs from the root that install.sh made, without leave to fetch anything (--skip-pip). `seed` makes a
configuration folder in which the onboarding is open and the MQTT integration is set up already.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import signal
import subprocess
import time

READY = "MQTT client initialized, birth message sent"
STARTED = "Home Assistant initialized in"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LOG_HEAD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\S* (\w+) \([^)]*\) \[([^\]]*)\] (.*)$")
CONFIGURATION = """\
api:
websocket_api:
onboarding:
recorder:
  commit_interval: 1
history:
energy:
http:
  server_host: 127.0.0.1
  server_port: {http_port}
logger:
  default: info
"""
# The root's /mnt is Core's configuration folder. The mounts live in a namespace of this one process.
LAUNCH = """
set -e
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount --bind "$2" "$1/mnt"
clock=
if [ -f "$2/clock" ]; then
  clock="LD_PRELOAD=/$(cd "$1" && echo usr/lib/*/faketime/libfaketimeMT.so.1) FAKETIME_TIMESTAMP_FILE=/mnt/clock"
  clock="$clock FAKETIME_NO_CACHE=1 NO_FAKE_STAT=1"
fi
exec chroot "$1" /usr/bin/env -i PATH=/venv/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 TZ=Europe/Berlin $clock \
  python -m homeassistant --config /mnt --skip-pip
"""


@dataclasses.dataclass
class LogEntry:
    level: str
    logger: str
    text: str


def seed(folder, http_port, broker_port, prefix="homeassistant"):
    """Writes configuration.yaml and the MQTT config entry, in the form that Core itself stores."""
    storage = pathlib.Path(folder) / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    (pathlib.Path(folder) / "configuration.yaml").write_text(CONFIGURATION.format(http_port=http_port))
    entry = {
        "created_at": "2026-01-01T00:00:00+00:00",
        "modified_at": "2026-01-01T00:00:00+00:00",
        "domain": "mqtt",
        "entry_id": "01JGFJJZ008MQTT00000000000",
        "version": 1,
        "minor_version": 2,
        "title": "broker",
        "source": "user",
        "unique_id": None,
        "disabled_by": None,
        "discovery_keys": {},
        "subentries": [],
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "options": {"discovery": True, "discovery_prefix": prefix},
        "data": {"broker": "127.0.0.1", "port": broker_port, "protocol": "5"},
    }
    store = {"version": 1, "minor_version": 4, "key": "core.config_entries", "data": {"entries": [entry]}}
    (storage / "core.config_entries").write_text(json.dumps(store))


class Core:
    """One Core; start() may follow stop(): the folder, and so its registries and users, stay."""

    def __init__(self, root, folder, http_port, broker_port):
        self.root = pathlib.Path(root)
        self.folder = pathlib.Path(folder)
        self.http_port = http_port
        self.log_file = self.folder.with_suffix(".log")
        self.process = None
        self.starts_at = 0
        seed(self.folder, http_port, broker_port)

    def set_prefix(self, prefix):
        """Another discovery prefix, from the next start on: what the integration's options dialog stores."""
        file = self.folder / ".storage" / "core.config_entries"
        store = json.loads(file.read_text())
        for entry in store["data"]["entries"]:
            if entry["domain"] == "mqtt":
                entry["options"]["discovery_prefix"] = prefix
        file.write_text(json.dumps(store))

    def set_clock(self, ahead):
        """Core's clocks, the monotonic one too, are so many seconds ahead; from its next start on, then at once."""
        new = self.folder / "clock.new"
        new.write_text(f"{ahead:+.3f}s\n")
        new.replace(self.folder / "clock")

    def start(self, seconds=120):
        self.launch()
        self.wait_until_ready(seconds)

    def launch(self):
        self.starts_at = self.log_file.stat().st_size if self.log_file.exists() else 0
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", LAUNCH, "core", str(self.root), str(self.folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_until_ready(self, seconds=120):
        """Until Core has finished its own start and is connected to the broker."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            text = self.log_text(self.starts_at)
            if READY in text and STARTED in text:
                return
            if self.process.poll() is not None:
                raise RuntimeError(f"Core ended with {self.process.returncode}:\n{text[-3000:]}")
            time.sleep(0.2)
        raise RuntimeError(f"Core was not ready within {seconds} s:\n{self.log_text()[-3000:]}")

    def stop(self, seconds=60):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def waited(self):
        """For how many seconds its main thread has been ready to go on without a processor that was free for it."""
        return int(pathlib.Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[1]) / 1e9

    def log_text(self, offset=0):
        return self.log_file.read_bytes()[offset:].decode(errors="replace") if self.log_file.exists() else ""

    def log_entries(self):
        """All starts' entries; the lines of a traceback belong to the entry above them."""
        entries = []
        for line in COLOUR.sub("", self.log_text()).splitlines():
            head = LOG_HEAD.match(line)
            if head:
                entries.append(LogEntry(*head.groups()))
            elif entries:
                entries[-1].text += "\n" + line
        return entries


def main():
    parser = argparse.ArgumentParser(description="Makes a configuration folder for Home Assistant Core.")
    parser.add_argument("command", choices=["seed"])
    parser.add_argument("folder")
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--broker-port", type=int, required=True)
    arguments = parser.parse_args()
    seed(arguments.folder, arguments.http_port, arguments.broker_port)


if __name__ == "__main__":
    main()
