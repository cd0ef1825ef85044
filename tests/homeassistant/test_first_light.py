"""What a user sees in Home Assistant: the simulator's meters, through the daemon and mosquitto, as Core's entities."""

import unittest

import checks
from bridge import Bridge
from broker import wait_until
from energy import grid_source
from scene import Scene, SceneCase


class FirstLight(SceneCase):
    """The bridge was there first; Core reads what is retained."""

    @classmethod
    def setUpClass(cls):
        cls.begin(Scene(Bridge(meters=2)))

    def enabled(self):
        """(component, entity) of all that Core shows by default."""
        entities = self.scene.api.entities()
        return [(one, entities[one.identity]) for one in self.scene.components() if one.enabled]

    def test_every_component_is_an_entity(self):
        self.assertEqual([], checks.registry(self.scene.components(), self.scene.api.entities()))

    def test_every_entity_has_its_state_class_and_unit(self):
        self.assertEqual([], self.scene.settled(self.scene.state_problems))

    def test_everything_is_available(self):
        published = self.scene.watch.published()
        self.assertEqual([], [one.key for one in self.scene.components() if not checks.available(one, published)])

    def test_devices_are_named_and_linked(self):
        api, components = self.scene.api, self.scene.components()
        self.assertEqual([], checks.devices(components, api.entities(), api.devices()))
        names = {one.device["name"] for one in components}
        self.assertEqual(4, len(names), f"two meters, the device, the service: {names}")

    def test_each_meter_has_power_and_energy(self):
        classes = {}
        for component, _entity in self.enabled():
            classes.setdefault(component.topic, set()).add(component.config.get("device_class"))
        self.assertEqual(2, sum({"power", "energy"} <= found for found in classes.values()))

    def test_states_follow_the_meter(self):
        power = [entity["entity_id"] for one, entity in self.enabled() if one.config.get("device_class") == "power"]
        before = self.scene.api.states()

        def moved():
            now = self.scene.api.states()
            return any(now[name]["state"] != before[name]["state"] for name in power)

        wait_until(moved, 20, f"one of {power} changes")

    def test_statistics_are_kept_without_complaint(self):
        api = self.scene.api
        expected = {entity["entity_id"] for one, entity in self.enabled() if "state_class" in one.config}
        known = {one["statistic_id"] for one in api.ask("recorder/list_statistic_ids")}
        states = api.states()
        unknown = {name for name in expected if states[name]["state"] == "unknown"}
        self.assertEqual(set(), expected - known - unknown)
        issues = api.ask("recorder/validate_statistics")
        self.assertEqual({}, {name: found for name, found in issues.items() if name in expected})

    def test_energy_dashboard_accepts_a_meter(self):
        first = next(one.topic for one in self.scene.components() if one.key == "1_0_1_8_0")
        ids = {one.key: entity["entity_id"] for one, entity in self.enabled() if one.topic == first}
        source = grid_source(self.scene.version, ids["1_0_1_8_0"], ids["1_0_2_8_0"], ids["1_0_16_7_0"])
        self.scene.api.ask("energy/save_prefs", energy_sources=[source])
        issues = self.scene.api.ask("energy/validate")["energy_sources"][0]
        # Core compiles statistics each five minutes; until then it says that there are none.
        self.assertEqual([], [one for one in issues if one["type"] != "statistics_not_defined"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
