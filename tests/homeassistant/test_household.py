"""Meters and codes come and go; the entities in Home Assistant follow."""

import unittest

from broker import wait_until
from household import CODES, Household
from life import LifeCase, meter_topic
from scene import Scene

DEVICE_NAMES = ["Battery", "Core attachment", "Core connection", "PIN status", "Power supply",
                "Wi-Fi bridge connection"]
METER_NAMES = ["Energy export", "Energy import", "Last reading", "Meter number", "Power", "Status"]


class Changes(LifeCase):
    """One household with two meters, from step to step."""

    @classmethod
    def setUpClass(cls):
        # A meter that is silent is offline soon, so that one that was replaced can be cleaned up.
        cls.household = Household(meters=2, options={"availability": {"fixed": "30s"}})
        cls.begin(Scene(cls.household, core_first=True))

    def wait_for_entities(self, count):
        wait_until(lambda: len(self.scene.entity_ids()) == len(self.before) + count, 60, f"{count:+} entities")

    def test_1_a_new_code_appears(self):
        self.household.meter(0).codes = CODES[:5]
        self.wait_for_entities(+2)
        self.assert_all_back(new=["Energy import tariff 1", "Energy import tariff 2"])

    def test_2_components_come_and_are_removed(self):
        bridge = self.scene.bridge
        names = ["Power import", "Power export"] * 2
        bridge.configure(power_split=True)
        bridge.end()
        bridge.start_daemon()
        self.wait_for_entities(+4)
        self.assert_all_back(new=names)
        bridge.configure(power_split=False)
        bridge.end()
        bridge.start_daemon()
        self.wait_for_entities(0)
        self.assert_all_back()
        self.scene.restart_core()
        self.assert_all_back()
        # The same while nobody is there to see them go.
        bridge.configure(power_split=True)
        bridge.end()
        bridge.start_daemon()
        self.wait_for_entities(+4)
        self.scene.stop_core()
        bridge.configure(power_split=False)
        bridge.end()
        bridge.start_daemon()
        wait_until(lambda: not any(one.config["name"] in names for one in self.scene.components()), 60, "none announced")
        self.scene.start_core()
        self.wait_for_entities(0)
        self.assert_all_back()

    def test_3_a_meter_is_replaced(self):
        old = self.household.meter(0)
        self.household.replace_meter(0, 50)
        self.wait_for_text(meter_topic(old, "reason"), "replaced")
        self.wait_for_text(meter_topic(old, "availability"), "offline")
        self.wait_for_entities(+len(METER_NAMES) + 2)
        new = METER_NAMES + ["Energy import tariff 1", "Energy import tariff 2"]
        self.assert_all_back(new=new)
        self.assertEqual(3, sum(name.startswith("Meter ") for name in self.mqtt_devices()))
        # Its history stays to be looked at until the user says that it may go.
        self.setUp()
        self.scene.bridge.request("cleanup")
        self.wait_for_entities(-len(new))
        self.assert_all_back(gone=new)
        self.assertEqual({f"Meter {self.household.meter(0).number}", f"Meter {self.household.meter(1).number}"},
                         {name for name in self.mqtt_devices() if name.startswith("Meter ")})

    def test_4_unlinked_and_linked_again(self):
        meter = self.household.meter(1)
        self.household.list[1]["linked"] = False
        self.scene.bridge.command("unlink", meter.installation, "--yes")
        self.wait_for_text(meter_topic(meter, "reason"), "unlinked")
        self.wait_for_text(meter_topic(meter, "availability"), "offline")
        self.assert_all_back()  # unavailable, and not yet gone
        self.household.set_linked(1, True)
        self.wait_for_text(meter_topic(meter, "reason"), "ok")
        self.assert_all_back()
        self.assertNotIn("unavailable", self.states(meter.id))

    def test_5_unlinked_cleaned_up_and_linked_again(self):
        meter = self.household.meter(1)
        self.household.list[1]["linked"] = False
        self.scene.bridge.command("unlink", meter.installation, "--yes")
        self.wait_for_text(meter_topic(meter, "reason"), "unlinked")
        self.scene.bridge.request("cleanup")
        self.wait_for_entities(-len(METER_NAMES + DEVICE_NAMES))
        self.assert_all_back(gone=METER_NAMES + DEVICE_NAMES)
        self.household.set_linked(1, True)
        self.wait_for_entities(0)
        self.wait_for_text(meter_topic(meter, "reason"), "ok")
        self.assert_all_back()


class TotalPower(LifeCase):
    """A meter that at first sends its total power as that of one phase."""

    @classmethod
    def setUpClass(cls):
        cls.household = Household()
        cls.household.meter().codes = [("1.8.0", "Wh"), ("36.7.0", "W")]
        cls.begin(Scene(cls.household, core_first=True))

    def test_it_stays_one_entity(self):
        self.assertIn("Power", self.names.values())
        self.household.meter().codes = [("1.8.0", "Wh"), ("36.7.0", "W"), ("16.7.0", "W")]
        wait_until(lambda: "Power L1" in self.entity_names().values(), 60, "the phase is an entity")
        self.assert_all_back(new=["Power L1"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
