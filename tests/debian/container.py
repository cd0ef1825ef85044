"""A Debian that systemd has booted in a container: programs in it, its units, files and broker."""

import subprocess
import time


class Container:
    """`leader` is its first process, by the number that it has outside."""

    def __init__(self, leader):
        self.enter = ["nsenter", f"--target={leader}", "--all", "env", "-i", "HOME=/root", "LANG=C.UTF-8",
                      "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"]

    def attempt(self, *command, seconds=120, **options):
        return subprocess.run([*self.enter, *map(str, command)], capture_output=True, text=True, check=False,
                              stdin=None if "input" in options else subprocess.DEVNULL, timeout=seconds, **options)

    def run(self, *command, **options):
        """Its output; a failure shows what it and the machine wrote."""
        result = self.attempt(*command, **options)
        if result.returncode != 0:
            journal = self.attempt("journalctl", "--no-pager", "-o", "short-precise", "-n", 60).stdout
            raise AssertionError(f"{command}: {result.returncode}\n{result.stdout}{result.stderr}\n{journal}")
        return result.stdout

    def shell(self, script, *arguments):
        return self.run("bash", "-euc", script, "bash", *arguments)

    def write(self, path, text):
        """What is there keeps its owner and mode."""
        self.run("sh", "-c", f"cat >{path}", input=text)

    def exists(self, path):
        return self.attempt("test", "-e", path).returncode == 0 or self.attempt("test", "-L", path).returncode == 0

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def process(self, unit):
        return int(self.property(unit, "MainPID"))

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit)

    def wait_for(self, condition, what, seconds=30):
        deadline = time.monotonic() + seconds
        while not (result := condition()):
            assert time.monotonic() < deadline, f"within {seconds} s there was no {what}"
            time.sleep(0.2)
        return result

    def wait_for_property(self, unit, name, value, seconds=30):
        try:
            self.wait_for(lambda: self.property(unit, name) == value, f"{name} {value!r} of {unit}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.property(unit, name)!r}\n{self.journal(unit)}") from None

    def messages(self, topic, count, seconds=30, port=1883, login=()):
        """So many that are published from now on, as (topic, text)."""
        text = self.run("mosquitto_sub", "-p", port, *login, "-R", "-v", "-t", topic, "-C", count, "-W", seconds)
        return [tuple(line.split(" ", 1)) for line in text.splitlines()]

    def retained(self, topic):
        return self.run("mosquitto_sub", "-t", topic, "-C", 1, "-W", 5).strip()

    def files(self):
        """All paths but what is of the moment, or a cache or a log of the package manager's."""
        apart = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/cache", "/var/log", "/var/lib/apt",
                 "/var/lib/dpkg", "/var/lib/mosquitto", "/var/lib/systemd", "/root"]
        prune = " -o ".join(f"-path {path}" for path in apart)
        return set(self.shell(rf"find / \( {prune} \) -prune -o -print").splitlines())
