"""An entity takes the place of another integration's, as addon/DOCS.md tells those who come from `iometer`."""

import json
import re
import unittest

from broker import wait_until
from day import IMPORT, DayCase
from energy import grid_source

# Stands in for that integration's "Total consumption", in its unit and state class.
CONFIG = "homeassistant/sensor/integration/config"
STATE = "integration/total_consumption"
TOTAL_CONSUMPTION = {"name": "IOmeter total consumption", "unique_id": "total_consumption", "state_topic": STATE,
                     "device_class": "energy", "unit_of_measurement": "Wh", "state_class": "total"}
# The new entity's few statistics and states stay under its former id.
ID_IN_USE = re.compile(r"\[homeassistant\.components\.recorder\S*\] "
                       r"Cannot (rename statistic_id|migrate history for entity_id) .* is already in use")


class Moved(DayCase):
    """Both count for an hour; then the old one is deleted and the new one has its id for another hour."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.both = True
        cls.scene.broker.publish(CONFIG, json.dumps(TOTAL_CONSUMPTION))
        wait_until(lambda: cls.old_entity() is not None, 20, "the old entity")
        cls.old = cls.old_entity()["entity_id"]
        cls.play(1)
        cls.both = False
        cls.scene.broker.publish(CONFIG, "")
        wait_until(lambda: cls.old_entity() is None, 20, "the old entity is deleted")
        cls.former = cls.ids[IMPORT]
        cls.scene.api.ask("config/entity_registry/update", entity_id=cls.former, new_entity_id=cls.old)
        cls.ids[IMPORT] = cls.old
        cls.scene.expected.add(ID_IN_USE)
        cls.play(1)

    @classmethod
    def old_entity(cls):
        return cls.scene.api.entities().get(("sensor", "total_consumption"))

    @classmethod
    def sent(cls):
        if not cls.both:
            return
        text = f"{cls.ledger.registers[IMPORT] / 10:.1f}"
        cls.scene.broker.publish(STATE, text)
        wait_until(lambda: cls.scene.api.states()[cls.old]["state"] == text, 20, f"{cls.old} is {text}", pause=0.01)

    def test_the_old_statistics_go_on(self):
        first, second = self.all_hours(IMPORT, "state", "sum")
        ends = [self.ledger.register(IMPORT, self.hour(1)), self.ledger.register(IMPORT, self.hour(2))]
        self.assertGreater(ends[1], ends[0])
        # Core keeps them in Wh, as before, and turns them into our unit in binary numbers.
        self.assertEqual("Wh", self.metadata()["statistics_unit_of_measurement"])
        for end, row in zip(ends, (first, second)):
            self.assertAlmostEqual(float(end), row["state"], places=6)
        self.assertAlmostEqual(float(ends[1] - ends[0]), second["sum"] - first["sum"], places=6)

    def metadata(self):
        return next(one for one in self.scene.api.ask("recorder/list_statistic_ids") if one["statistic_id"] == self.old)

    def test_there_is_no_complaint_but_of_what_is_left_under_the_former_id(self):
        api = self.scene.api
        api.ask("energy/save_prefs", energy_sources=[grid_source(self.scene.version, *self.ids.values())])
        self.assertEqual([[]], api.ask("energy/validate")["energy_sources"])
        issues = api.ask("recorder/validate_statistics")
        self.assertEqual({self.former: ["no_state"]},
                         {name: [one["type"] for one in found] for name, found in issues.items()
                          if name in (*self.ids.values(), self.former)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
