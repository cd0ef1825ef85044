"""The checks themselves, against a real Core and hand-made payloads: right ones pass, each wrong one is seen."""

import unittest

import checks
from broker import wait_until
from scene import Scene
from stand_in import StandIn


class Right(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scene = Scene(StandIn())
        cls.addClassCleanup(cls.scene.stop)
        cls.scene.start()

    def test_nothing_is_reported(self):
        api, components = self.scene.api, self.scene.components()
        self.assertEqual(8, len(components))
        self.assertEqual([], self.scene.settled(self.scene.state_problems))
        self.assertEqual([], checks.registry(components, api.entities()))
        self.assertEqual([], checks.devices(components, api.entities(), api.devices()))
        self.assertEqual([], self.scene.log_problems())

    def test_stale_state_is_reported(self):
        published = self.scene.watch.published()
        published["iometer/meter/1isk0070001234/value/power"] = [b"17"]
        problems = checks.states(self.scene.components(), self.scene.api.entities(), self.scene.api.states(), published)
        self.assertRegex("\n".join(problems), r"power.*state '-431\.5', last payload b'17'")

    def test_unpublished_entity_is_reported(self):
        published = self.scene.watch.published()
        del published["iometer/device/0b3f5f0a/core_connection"]
        problems = checks.states(self.scene.components(), self.scene.api.entities(), self.scene.api.states(), published)
        self.assertRegex("\n".join(problems), "nothing was published on iometer/device/0b3f5f0a/core_connection")

    def test_device_mismatch_is_reported(self):
        api, components = self.scene.api, self.scene.components()
        for component in components:
            component.device["name"] = "Another"
        self.assertIn("'Another'", "\n".join(checks.devices(components, api.entities(), api.devices())))


class Wrong(unittest.TestCase):
    """One Core, one payload with a mistake in each component."""

    @classmethod
    def setUpClass(cls):
        bridge = StandIn()
        bridge.component("energy_import")["unit_of_measurement"] = "W"
        bridge.component("phase_angle")["device_class"] = "angle_of_attack"
        bridge.component("battery")["state_class"] = "total_increasing"
        bridge.values["iometer/meter/1isk0070001234/value/power"] = "many"
        bridge.values["iometer/meter/1isk0070001234/availability/live"] = "offline"
        bridge.payload["device"]["via_device"] = "nobody"
        cls.scene = Scene(bridge)
        cls.addClassCleanup(cls.scene.stop)
        cls.scene.start()

    def test_refused_components_are_reported(self):
        text = "\n".join(checks.registry(self.scene.components(), self.scene.api.entities()))
        self.assertIn("phase_angle: no entity", text)
        if not self.scene.version.startswith("2025."):  # 2025.6 logs the wrong unit and makes the entity all the same
            self.assertIn("energy_import: no entity", text)

    def test_log_is_reported(self):
        text = "\n".join(self.scene.log_problems())
        self.assertIn("is not valid together with device class `energy`", text)
        self.assertIn("angle_of_attack", text)

    def test_missing_parent_is_reported(self):
        api = self.scene.api
        text = "\n".join(checks.devices(self.scene.components(), api.entities(), api.devices()))
        self.assertIn("its parent nobody was never announced", text)

    def test_text_on_a_number_is_reported(self):
        self.scene.broker.publish("iometer/meter/1isk0070001234/availability/live", "online")
        wait_until(lambda: "power): unavailable though" in "\n".join(self.scene.state_problems()), 10,
                   "the text is reported")
        self.assertIn("many", "\n".join(self.scene.log_problems()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
