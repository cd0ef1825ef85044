"""A mosquitto of the test's own on a free loopback port."""

import os
import shutil
import signal
import subprocess

from .ports import free_port, is_open
from .process import Process
from .waiting import wait_for

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


class Broker:
    """`users` {name: password} turns the login on, `acl` is the text of an access list, `certificate` a
    certificates.Certificate for TLS. start() may follow kill(): same port, and the data unless wiped.
    With TLS the recorder comes in by `plain_port`."""

    def __init__(self, folder, users=None, acl=None, certificate=None, persistence=False):
        self.folder = folder
        self.port = free_port()
        self.plain_port = free_port() if certificate else self.port
        self.users = users or {}
        self.acl = acl
        self.certificate = certificate
        self.persistence = persistence
        self.process = None
        self.more = []  # lines of its configuration
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self):
        return f"{'mqtts' if self.certificate else 'mqtt'}://127.0.0.1:{self.port}"

    def start(self):
        arguments = [MOSQUITTO, "-c", self._write_configuration()]
        self.process = Process("mosquitto", arguments, self.folder / "mosquitto.log")
        wait_for(lambda: is_open(self.port) or not self.process.is_running(), "listening mosquitto")
        assert self.process.is_running(), f"mosquitto ended:\n{self.process.log()}"
        return self

    def set_acl(self, text):
        """Takes effect at once, for connected clients too."""
        self.acl = text
        (self.folder / "acl").write_text(text)
        os.kill(self.process.pid, signal.SIGHUP)

    def kill(self, wipe=True):
        self.process.kill()
        if wipe:
            (self.folder / "mosquitto.db").unlink(missing_ok=True)

    def stop(self):
        if self.process is not None and self.process.is_running():
            self.process.resume()
            self.process.terminate()

    def _write_configuration(self):
        lines = []
        if self.certificate:
            lines += [f"listener {self.plain_port} 127.0.0.1"]
        lines += [f"listener {self.port} 127.0.0.1"]
        if self.certificate:
            lines += [f"certfile {self.certificate.file}", f"keyfile {self.certificate.key}"]
        lines += [
            f"allow_anonymous {'false' if self.users else 'true'}",
            # The tests' own subscriber must miss nothing, however late it reads.
            "max_queued_messages 1000000",
            "log_type error", "log_type warning", "log_type notice", "log_type subscribe",
            "log_timestamp_format %H:%M:%S",
            f"persistence {'true' if self.persistence else 'false'}",
            f"persistence_location {self.folder}/",
        ]
        if self.persistence:
            lines += ["autosave_on_changes true", "autosave_interval 1"]  # so that a kill loses nothing
        if os.geteuid() == 0:
            lines.append("user root")
        if self.users:
            lines.append(f"password_file {self._write_passwords()}")
        if self.acl is not None:
            (self.folder / "acl").write_text(self.acl)
            lines.append(f"acl_file {self.folder / 'acl'}")
        lines += self.more
        file = self.folder / "mosquitto.conf"
        file.write_text("\n".join(lines) + "\n")
        return file

    def _write_passwords(self):
        file = self.folder / "passwords"
        file.write_text("".join(f"{name}:{password}\n" for name, password in self.users.items()))
        file.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(file)], check=True)
        return file
