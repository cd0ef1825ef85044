"""systemd's end of sd_notify(3): a datagram socket that the program is told of in NOTIFY_SOCKET."""

import os
import shutil
import socket
import tempfile
import threading
import time

from .waiting import wait_for


class ServiceManager:
    """Reads at once, as systemd does: the kernel holds ten messages, and then the sender waits."""

    def __init__(self, watchdog_seconds):
        # Not in the test's folder: a socket's path has 107 characters at most.
        self.folder = tempfile.mkdtemp(prefix="notify-")
        self.path = os.path.join(self.folder, "socket")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.watchdog_seconds = watchdog_seconds
        self.messages = []  # (when it came, text)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        while text := self.socket.recv(4096).decode():
            self.messages.append((time.monotonic(), text))

    def environment(self):
        return {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(int(self.watchdog_seconds * 1e6))}

    def texts(self):
        return [text for _, text in list(self.messages)]

    def wait_for(self, text, seconds=10):
        wait_for(lambda: text in self.texts(), f"{text!r} for systemd", seconds,
                 explain=lambda: f"among {self.texts()}")

    def signs_of_life(self, count, seconds=10):
        """When the next `count` of them came."""
        begun = len(self.messages)

        def signs():
            return [when for when, text in self.messages[begun:] if text == "WATCHDOG=1"]

        return wait_for(lambda: len(signs()) >= count and signs(), f"{count} signs of life", seconds)

    def catch_up(self):
        """Until everything that was sent before has been read."""
        mark = f"X_MARK={len(self.messages)}"
        self._send(mark)
        self.wait_for(mark)

    def _send(self, text):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(text.encode(), self.path)

    def close(self):
        self._send("")
        self.reader.join()
        self.socket.close()
        shutil.rmtree(self.folder)
