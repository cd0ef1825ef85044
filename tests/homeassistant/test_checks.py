"""The checks themselves, against a real Core and hand-made payloads: right ones pass, each wrong one is seen."""

import json
import unittest

import checks
from broker import wait_until
from core import LogEntry
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


class LeftBehind(unittest.TestCase):
    """What a bridge may leave in Core, if it takes things back carelessly."""

    @classmethod
    def setUpClass(cls):
        bridge = StandIn()
        bridge.payload["components"]["power_again"] = dict(bridge.component("power"), unique_id="power_again")
        cls.scene = Scene(bridge)
        cls.addClassCleanup(cls.scene.stop)
        cls.scene.start()

    def test_1_second_of_a_name_is_reported(self):
        self.assertEqual(1, len(checks.duplicates(self.scene.api.entities())))
        self.assertIn("_2: the second of its name", "\n".join(self.scene.problems()))

    def test_2_entity_that_nobody_provides_is_reported(self):
        self.assertNotIn("restored", "\n".join(self.scene.problems()))
        self.scene.stop_core()
        del self.scene.bridge.payload["components"]["power_again"]
        self.scene.broker.publish("homeassistant/device/iometer_meter/config", json.dumps(self.scene.bridge.payload))
        self.scene.start_core()
        self.assertRegex("\n".join(self.scene.problems()), r"_2: restored from an earlier start")

    def test_3_device_without_entities_is_reported(self):
        api = self.scene.api
        entities = {identity: entity for identity, entity in api.entities().items() if "refresh" not in identity[1]}
        self.assertIn("device iometer2mqtt: without entities",
                      checks.ghosts(entities, api.states(), api.devices()))

    def test_4_broker_that_is_away_is_reported_unless_expected(self):
        entries = [LogEntry("ERROR", "homeassistant.components.mqtt.client",
                            "Failed to connect to MQTT server due to exception: [Errno 111] Connection refused"),
                   LogEntry("ERROR", "homeassistant.components.mqtt.entity", "Connection refused by iometer")]
        self.assertEqual(2, len(checks.log(entries, [])))
        self.assertEqual(1, len(checks.log(entries, [], [checks.BROKER_AWAY])))


if __name__ == "__main__":
    unittest.main(verbosity=2)
