"""Meters whose every value the test chooses, and the bridge that carries them to the broker."""

import datetime

from harness import observed
from harness.readings import make_meter, now, reading, value


class Household:
    """`seen` records all that the broker carries."""

    def __init__(self, lab, broker=None, **options):
        self.lab = lab
        self.broker = broker or lab.broker()
        self.seen = lab.recorder(self.broker)
        self.api = lab.simulator()
        self.daemon = lab.start(self.api, self.broker, **options)
        self.meters = [make_meter(1), make_meter(2)]
        self._newest = now()

    def push(self, meter=0, time=None, **values):
        """A reading of `power` in W, `energy_import` and `energy_export` in kWh, as texts; waits until it is published."""
        codes = {"power": ((16, 7, 0), "W"), "energy_import": ((1, 8, 0), "kWh"), "energy_export": ((2, 8, 0), "kWh")}
        one = reading(self.meters[meter], time or self._later(),
                      *(value(codes[key][0], text, codes[key][1]) for key, text in values.items()))
        self.api.push([one])
        return observed.wait_for_reading(self.seen, one)

    def _later(self):
        """The time now; two readings of one time would be one."""
        self._newest = max(now(), self._newest + datetime.timedelta(milliseconds=1))
        return self._newest

    def slug(self, meter=0):
        return self.meters[meter].number.lower()

    def topic(self, leaf, meter=0):
        return f"iometer/meter/{self.slug(meter)}/{leaf}"
