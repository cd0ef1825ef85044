"""One daemon with its broker and recorder, at a server that others wrote."""

import dataclasses
import json

from harness.lab import Lab
from harness.readings import Fleet
from harness.waiting import wait_for

INFO = "iometer/bridge/info"


@dataclasses.dataclass(frozen=True)
class Way:
    """How to reach the API: transport of the subscription, sign-in, and where the credentials go."""

    transport: str
    auth: str
    place: str = "both"

    def partner(self):
        return {"transport": self.transport, "auth": self.auth, "auth_in": self.place}

    def __str__(self):
        return "-".join([self.transport, self.auth] + ([] if self.place == "both" else [self.place]))


def ways(*transports):
    return [Way(transport, auth) for transport in transports for auth in ("basic", "wsse")]


class OddFleet(Fleet):
    """Meters whose powers, voltages and currents take every form that a Float has in JSON."""

    ODD = ("0", "-0.5", "7", "-12000000", "123456789.25", "0.00004375", "-0.0000005", "1500000000000000000000",
           "100000", "1000000", "999999.5", "0.1")

    def _number(self, meter, code, unit):
        if unit != "Wh" and self.random.random() < 0.4:
            return self.random.choice(self.ODD)
        return super()._number(meter, code, unit)


class House(Lab):
    """`way` may be a Way or, for `transport: auto`, what to write into the configuration."""

    def __init__(self, folder, server, way, partner=None, **more):
        super().__init__(folder)
        self.server = server
        self.way = way
        self.fleet = OddFleet(10, write=server.write)
        self.api_broker = self.broker()
        self.seen = self.recorder(self.api_broker)
        settings = way.partner() | (partner or {})
        self.program = self.daemon(self.configure(server, self.api_broker, partner=settings, log_level="info") | more)

    def push(self, rounds=1):
        self.server.push([one for _ in range(rounds) for one in self.fleet.round()])

    def transport(self):
        """What the daemon says is in use; nothing before its first word."""
        return json.loads(self.seen.last(INFO) or "{}").get("transport")

    def settled(self, seconds=20):
        """Until the daemon has subscribed."""
        wait_for(lambda: self._runs() and self.server.stats()["subscriptions"] > 0, "subscription at the API", seconds)
        return self

    def _runs(self):
        assert self.program.is_running(), f"the daemon ended:\n{self.program.log()}"
        return True
