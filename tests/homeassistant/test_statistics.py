"""A day of readings, as Core's statistics and its energy dashboard count it."""

import datetime
import decimal
import unittest

from day import EXPORT, IMPORT, POWER, DayCase
from energy import grid_source

class Day(DayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.play(24)

    def test_hourly_sums_are_the_senders(self):
        for code in (IMPORT, EXPORT):
            start = self.ledger.register(code, self.midnight)
            moved = 0
            for hour, row in enumerate(self.all_hours(code, "state", "sum")):
                end = self.midnight + datetime.timedelta(hours=hour + 1)
                expected = self.ledger.register(code, end)
                moved += expected != self.ledger.register(code, end - datetime.timedelta(hours=1))
                with self.subTest(code=code, hour=hour):
                    self.assertEqual(expected, decimal.Decimal(str(row["state"])))
                    # The sum is kept as a binary number that is added up in each five minutes.
                    self.assertAlmostEqual(float(expected - start), row["sum"], places=9)
            self.assertGreater(moved, 8)

    def test_extremes_of_power_are_the_senders(self):
        for hour, row in enumerate(self.all_hours(POWER, "min", "max", "mean")):
            begin = self.midnight + datetime.timedelta(hours=hour)
            powers = self.ledger.powers(begin, begin + datetime.timedelta(hours=1))
            with self.subTest(hour=hour):
                self.assertEqual((min(powers), max(powers)), (row["min"], row["max"]))
                self.assertTrue(row["min"] < row["mean"] < row["max"])

    def test_statistics_and_energy_dashboard_have_no_complaint(self):
        api = self.scene.api
        source = grid_source(self.scene.version, self.ids[IMPORT], self.ids[EXPORT], self.ids[POWER])
        api.ask("energy/save_prefs", energy_sources=[source])
        self.assertEqual([[]], api.ask("energy/validate")["energy_sources"])
        issues = api.ask("recorder/validate_statistics")
        self.assertEqual({}, {name: found for name, found in issues.items() if name in self.ids.values()})


if __name__ == "__main__":
    unittest.main(verbosity=2)
