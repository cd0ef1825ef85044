"""A household whose time and Core's are played from reading to reading, and a ledger of what its meter sent."""

import datetime
import decimal
import random
import time

from broker import wait_until
from household import Household
from scene import Scene, SceneCase

IMPORT, EXPORT, POWER = "1.8.0", "2.8.0", "16.7.0"
SLOT = 300  # seconds between two runs of Core's statistics, each ten seconds later


class Ledger:
    """What the meter has sent, by Core's clock: whole tenths of a watt-hour, whole watts."""

    def __init__(self):
        self.random = random.Random(2026)
        self.registers = {IMPORT: 123_456_789, EXPORT: 9_876_543}
        self.entries = []

    def next(self, at):
        """The registers go on as the power of the time since the last reading says; there is sun by day."""
        sun = 2500 if 8 <= at.hour < 18 else 0
        power = self.random.randrange(80, 1500) - self.random.randrange(sun + 1)
        passed = (at - self.entries[-1][0]).total_seconds() if self.entries else 0
        self.registers[IMPORT if power > 0 else EXPORT] += int(abs(power) * passed / 360)
        self.entries.append((at, dict(self.registers) | {POWER: power}))
        return {IMPORT: self.registers[IMPORT] / 10, EXPORT: self.registers[EXPORT] / 10, POWER: power}

    def register(self, code, before):
        """In kWh, the last one that was sent before that time."""
        tenths = [entry[code] for at, entry in self.entries if at < before][-1]
        return decimal.Decimal(tenths) / 10_000

    def powers(self, begin, end):
        """All that Core's state had from `begin` on: also the one that still stood then."""
        earlier = [entry[POWER] for at, entry in self.entries if at < begin]
        return earlier[-1:] + [entry[POWER] for at, entry in self.entries if begin <= at < end]


class DayCase(SceneCase):
    """Core's clock is set forward from reading to reading by play(), 24 hours in a few minutes, from midnight on.

    The program and its API stay in real time: the readings' own times are seconds apart, their values those of a day.
    That shows the whole way of the values into Core's statistics, which go by arrival; it does not show readings that
    are hours old, which other tests have.
    """

    @classmethod
    def setUpClass(cls):
        cls.household = Household(cadence=None)
        scene = Scene(cls.household, core_first=True)
        today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
        cls.midnight = today + datetime.timedelta(days=1)
        cls.now = cls.midnight - datetime.timedelta(minutes=4)
        scene.core.set_clock(cls.ahead(cls.now))
        cls.ledger = Ledger()
        cls.household.devices = 2  # until the first reading
        cls.begin(scene)
        scene.api.use_long_token()
        cls.household.devices = 3
        wait_until(lambda: cls.household.control("stats")["subscriptions"] > 0, 20, "the subscription")
        cls.household.send_values(cls.ledger.next(cls.midnight - datetime.timedelta(seconds=60)))
        scene.wait_for_announcements()
        cls.ids = cls.entity_ids(scene)
        wait_until(lambda: cls.shown(scene), 20, "the first reading in Core")
        cls.played = 0  # hours

    @classmethod
    def entity_ids(cls, scene):
        parts = {"1_0_" + code.replace(".", "_"): code for code in (IMPORT, EXPORT, POWER)}
        return {parts[one.key]: scene.api.entities()[one.identity]["entity_id"] for one in scene.components()
                if one.key in parts}

    @classmethod
    def ahead(cls, time_of_core):
        return time_of_core.timestamp() - time.time()

    @classmethod
    def set_time(cls, scene, at):
        """Core's timers that are due by then run with the next thing that it is asked."""
        scene.core.set_clock(cls.ahead(at))
        scene.api.ask("get_config")

    @classmethod
    def shown(cls, scene):
        states = scene.api.states()
        last = cls.ledger.entries[-1][1]
        expected = {IMPORT: decimal.Decimal(last[IMPORT]) / 10_000, EXPORT: decimal.Decimal(last[EXPORT]) / 10_000,
                    POWER: decimal.Decimal(last[POWER])}
        found = {code: states.get(entity_id, {}).get("state", "") for code, entity_id in cls.ids.items()}
        return all(text not in ("", "unknown", "unavailable") and decimal.Decimal(text) == expected[code]
                   for code, text in found.items())

    @classmethod
    def play(cls, hours):
        """Two readings in each five minutes, and a look after Core's statistics have run."""
        scene = cls.scene
        first = cls.hour(cls.played)
        cls.played += hours
        for slot in range(hours * 3600 // SLOT):
            begin = first + datetime.timedelta(seconds=slot * SLOT)
            for second in (60, 200):
                at = begin + datetime.timedelta(seconds=second)
                cls.set_time(scene, at)
                cls.household.send_values(cls.ledger.next(at))
                wait_until(lambda: cls.shown(scene), 20, f"Core shows the reading of {at}", pause=0.01)
                cls.sent()
            cls.set_time(scene, begin + datetime.timedelta(seconds=SLOT + 15))

    @classmethod
    def hour(cls, number):
        return cls.midnight + datetime.timedelta(hours=number)

    @classmethod
    def sent(cls):
        """After each reading, for what else a test wants to happen then."""

    def hours(self, code, *types):
        rows = self.scene.api.ask("recorder/statistics_during_period", period="hour", types=list(types),
                                  start_time=self.midnight.isoformat(), end_time=self.hour(self.played).isoformat(),
                                  statistic_ids=[self.ids[code]])
        return rows.get(self.ids[code], [])

    def all_hours(self, code, *types):
        wait_until(lambda: len(self.hours(code, *types)) == self.played, 30, f"{self.played} hours of {code}")
        return self.hours(code, *types)
