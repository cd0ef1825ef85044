"""A child process whose output goes to a file that the test can search and that a failure shows."""

import os
import re
import signal
import subprocess
import time

from .waiting import patience, wait_for


class Process:
    """`stdin` is a file that it reads; nothing otherwise."""

    def __init__(self, name, arguments, log_file, environment=None, stdin=os.devnull):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.log_file = log_file
        with open(log_file, "ab") as log, open(stdin, "rb") as given:
            self.child = subprocess.Popen(self.arguments, stdin=given, stdout=log, stderr=log, env=environment)

    @property
    def pid(self):
        return self.child.pid

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def is_running(self):
        return self.child.poll() is None

    def wait_for_log(self, pattern, seconds=10):
        """The match of a regular expression in the output; an early end of the process is a failure at once."""

        def found():
            runs = self.is_running()  # before: what it says last is there once it has ended
            match = re.search(pattern, self.log())
            assert match or runs, f"{self.name} ended with {self.child.returncode}:\n{self.log()}"
            return match

        return wait_for(found, f"{pattern!r} in the output of {self.name}", seconds)

    def wait(self, seconds=10):
        try:
            return self.child.wait(patience(seconds))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {patience(seconds):.0f} s") from None

    def terminate(self, seconds=10):
        """SIGTERM; the exit code and how long it took."""
        begun = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        return self.wait(seconds), time.monotonic() - begun

    def kill(self):
        """SIGKILL, as a crash or a pulled plug."""
        if self.is_running():
            self.child.kill()
        self.child.wait()

    def pause(self):
        """Until every thread stands: the signal alone says only that they will."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def memory_bytes(self):
        """The resident set, from /proc."""
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0
