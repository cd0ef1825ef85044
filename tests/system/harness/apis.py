"""Servers of the Partner API that a test controls: our simulator; those that others wrote are in tests/interop."""

import json
import re
import urllib.request

from .process import Process
from .programs import binary, environment
from .secrets import PARTNER_ID, PARTNER_SECRET
from .waiting import patience, wait_for

URL = re.compile(r"https?://127\.0\.0\.1:\d+/api/v1/query")


class Api:
    """What all have in common: a URL on the standard output and the control interface beside it."""

    partner_id = PARTNER_ID
    secret = PARTNER_SECRET

    def __init__(self, process):
        self.process = process
        self.url = process.wait_for_log(URL.pattern).group()
        self.port = int(re.search(r":(\d+)/", self.url).group(1))

    def control(self, action, **arguments):
        return self.control_text(json.dumps({"action": action, **arguments}))

    def control_text(self, body):
        """The request as it is: a number keeps the digits and the form in which the test wrote it."""
        address = self.url.replace("/api/v1/query", "/control")
        request = urllib.request.Request(address, data=body.encode(), headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=patience(20), context=self.tls()) as response:
            return json.load(response)

    def tls(self):
        return None

    def push(self, readings, received=None):
        """Readings (readings.Reading or raw JSON) to all subscribers; with a receive time only into the history."""
        texts = [one if isinstance(one, str) else one.json() for one in readings]
        at = f', "received": "{received}"' if received else ""
        return self.control_text(f'{{"action": "push"{at}, "readings": [{", ".join(texts)}]}}')

    def stats(self):
        return self.control("stats")

    def wait_for_subscription(self, seconds=20):
        wait_for(lambda: self.stats()["subscriptions"] > 0, "subscription at the API", seconds)

    def stop(self):
        if self.process.is_running():
            self.process.kill()


class Simulator(Api):
    """`iometer2mqtt simulate`; only what the test pushes, unless `household` gives arguments of its own. `clock` is a
    fake_clock.FakeClock."""

    def __init__(self, folder, number, certificate=None, authority=None, household=None, port=0, clock=None):
        self.authority = authority
        secret_file = folder / "api-secret"
        secret_file.write_text(self.secret + "\n")
        arguments = [binary(), "simulate", "--port", port, "--control",
                     "--partner-id", self.partner_id, "--secret-file", secret_file]
        arguments += ["--no-household"] if household is None else household
        if certificate:
            arguments += ["--certificate", certificate.file, "--key", certificate.key]
        changes = clock.environment() if clock else {}
        super().__init__(Process(f"simulator {number}", arguments, folder / f"simulator-{number}.log",
                                 environment(**changes)))

    def tls(self):
        if self.authority is None:
            return None
        import ssl

        context = ssl.create_default_context(cafile=str(self.authority.file))
        context.check_hostname = False
        return context
