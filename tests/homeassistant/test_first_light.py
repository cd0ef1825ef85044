"""What a user sees in Home Assistant: the simulator's meters, through the daemon and mosquitto, as Core's entities."""

import unittest

import checks
from bridge import Bridge
from broker import wait_until
from scene import Scene


def energy_source(version, energy, power):
    """The dashboard's grid source, whose form changed between the oldest and the newest release that we claim."""
    if version.startswith("2025."):
        flow = {"stat_energy_from": energy, "stat_cost": None, "entity_energy_price": None, "number_energy_price": None}
        return {"type": "grid", "flow_from": [flow], "flow_to": [], "cost_adjustment_day": 0}
    return {"type": "grid", "stat_energy_from": energy, "stat_energy_to": None, "stat_rate": power,
            "cost_adjustment_day": 0}


class FirstLight(unittest.TestCase):
    """The bridge was there first; Core reads what is retained."""

    @classmethod
    def setUpClass(cls):
        cls.scene = Scene(Bridge(meters=2))
        cls.scene.start()
        cls.addClassCleanup(cls.scene.stop)

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
        by_class = {}
        first = None
        for component, entity in self.enabled():
            if component.config.get("device_class") in ("energy", "power"):
                first = first or component.topic
                if component.topic == first:
                    by_class.setdefault((component.config["device_class"], component.key), entity["entity_id"])
        source = energy_source(self.scene.version, by_class["energy", "1_0_1_8_0"], by_class["power", "1_0_16_7_0"])
        self.scene.api.ask("energy/save_prefs", energy_sources=[source])
        issues = self.scene.api.ask("energy/validate")["energy_sources"][0]
        # Core compiles statistics each five minutes; until then it says that there are none.
        self.assertEqual([], [one for one in issues if one["type"] != "statistics_not_defined"])

    def test_log_is_clean(self):
        self.assertEqual([], self.scene.log_problems())


class Life(unittest.TestCase):
    """Core was there first; then each of the two goes away and comes back."""

    @classmethod
    def setUpClass(cls):
        cls.scene = Scene(Bridge(meters=2), core_first=True)
        cls.scene.start()
        cls.addClassCleanup(cls.scene.stop)

    def setUp(self):
        self.assertEqual([], self.scene.settled(self.scene.state_problems))
        self.ids = self.entity_ids()

    def entity_ids(self):
        return {identity: entity["entity_id"] for identity, entity in self.scene.api.entities().items()}

    def assert_all_back(self):
        self.assertEqual([], self.scene.settled(self.scene.state_problems))
        self.assertEqual([], checks.registry(self.scene.components(), self.scene.api.entities()))
        self.assertEqual(self.ids, self.entity_ids())
        self.assertEqual([], self.scene.log_problems())

    def states_of_entities(self):
        states = self.scene.api.states()
        enabled = [one for one in self.scene.components() if one.enabled]
        return {states[self.ids[one.identity]]["state"] for one in enabled}

    def test_core_restarts(self):
        self.scene.restart_core()
        self.assert_all_back()

    def test_daemon_is_killed_and_returns(self):
        self.scene.bridge.kill()
        wait_until(lambda: self.states_of_entities() == {"unavailable"}, 30, "every entity is unavailable")
        self.scene.bridge.start_daemon()
        wait_until(lambda: "unavailable" not in self.states_of_entities(), 30, "every entity is available")
        self.assert_all_back()

    def test_daemon_is_stopped_and_returns(self):
        self.assertEqual(0, self.scene.bridge.end())
        wait_until(lambda: self.states_of_entities() == {"unavailable"}, 30, "every entity is unavailable")
        self.scene.bridge.start_daemon()
        wait_until(lambda: "unavailable" not in self.states_of_entities(), 30, "every entity is available")
        self.assert_all_back()


if __name__ == "__main__":
    unittest.main(verbosity=2)
