"""Devices that the user deletes, another discovery prefix, announcements of an older version."""

import json
import unittest

import checks
from bridge import Bridge
from broker import wait_until
from household import Household
from life import LifeCase
from scene import Scene


class Deleted(LifeCase):
    """The user deletes a device in Home Assistant."""

    @classmethod
    def setUpClass(cls):
        cls.begin(Scene(Bridge(meters=2), core_first=True))

    def meter_device(self):
        return next(device for name, device in sorted(self.mqtt_devices().items()) if name.startswith("Meter "))

    def of_device(self, device):
        return {identity for identity, entity in self.scene.api.entities().items()
                if entity["device_id"] == device["id"]}

    def test_it_stays_away_until_rediscover(self):
        device = self.meter_device()
        deleted = self.of_device(device)
        self.assertGreater(len(deleted), 5)
        self.scene.delete_device(device)
        wait_until(lambda: not deleted & self.scene.entity_ids().keys(), 20, "its entities are gone")
        gone = [self.names[identity] for identity in deleted]
        self.assert_all_back(gone=gone)
        self.scene.restart_core()  # its birth message brings no device back that the user does not want
        self.assert_all_back(gone=gone)
        self.scene.bridge.request("rediscover")
        wait_until(lambda: deleted <= self.scene.entity_ids().keys(), 20, "its entities are back")
        self.assert_all_back()

    def test_it_is_back_after_a_restart_of_the_bridge(self):
        device = self.meter_device()
        deleted = self.of_device(device)
        self.scene.delete_device(device)
        wait_until(lambda: not deleted & self.scene.entity_ids().keys(), 20, "its entities are gone")
        self.scene.bridge.end()
        self.scene.bridge.start_daemon()
        wait_until(lambda: deleted <= self.scene.entity_ids().keys(), 40, "its entities are back")
        self.assert_all_back()


class Prefix(LifeCase):
    """Another discovery prefix, on both sides, one after the other."""

    @classmethod
    def setUpClass(cls):
        cls.begin(Scene(Bridge(meters=1), core_first=True))
        cls.scene.expected.add(checks.METER_TAKEN_AWAY)

    def change_bridge(self, prefix):
        self.scene.bridge.configure(homeassistant={"prefix": prefix})
        self.scene.bridge.end()
        self.scene.bridge.start_daemon()
        self.scene.prefix = prefix
        topics = self.scene.watch.retained
        prefixes = lambda: {topic.split("/device/")[0] for topic in topics() if topic.endswith("/config")}
        wait_until(lambda: prefixes() == {prefix}, 60, f"all announcements are below {prefix}, and there alone")
        self.scene.wait_for_announcements()

    def change_core(self, prefix):
        self.scene.stop_core()
        self.scene.core.set_prefix(prefix)
        self.scene.start_core()

    def test_1_bridge_first(self):
        self.change_bridge("house/automation")
        wait_until(lambda: not self.scene.entity_ids(), 30, "Core has dropped what is announced elsewhere")
        self.change_core("house/automation")
        self.assert_all_back()

    def test_2_core_first(self):
        self.change_core("homeassistant")
        self.change_bridge("homeassistant")
        self.assert_all_back()


class Older(LifeCase):
    """The upgrade from a version that announced the same device in another form.

    Core has its entities from that version; the present one starts on its state and what the broker retains.
    """

    @classmethod
    def setUpClass(cls):
        cls.household = Household()
        scene = Scene(cls.household)
        cls.addClassCleanup(scene.stop)
        scene.start_broker()
        scene.start_bridge()
        scene.bridge.end()
        cls.present = {one.identity: one for one in scene.components()}
        cls.make_older(scene)
        scene.broker.publish("iometer/bridge/state", "online")
        scene.first_start_of_core()
        cls.scene = scene

    @classmethod
    def make_older(cls, scene):
        """The meter's announcement as another version may have had it."""
        topic = next(one for one in scene.watch.retained() if one.startswith("homeassistant/device/iometer_meter_"))
        payload = json.loads(scene.watch.retained()[topic])
        parts = payload["components"]
        # Another name for a component, with the unique id of today.
        parts["import"] = parts.pop("1_0_1_8_0")
        # Another unique id: no version may do that, and yet it must not leave anything behind.
        parts["momentary_power"] = parts.pop("1_0_16_7_0")
        parts["momentary_power"]["unique_id"] = payload["device"]["identifiers"][0] + "_momentary_power"
        # What no version announces any more.
        parts["last_seen"] = dict(parts["last_reading"], name="Last seen",
                                  unique_id=payload["device"]["identifiers"][0] + "_last_seen")
        scene.broker.publish(topic, json.dumps(payload))
        cls.older = payload

    def setUp(self):
        """Nothing is announced by the present version yet."""

    def test_the_upgrade_leaves_entities_as_they_were(self):
        super().setUp()
        of_before = {entity_id for identity, entity_id in self.before.items() if not identity[1].endswith("_last_seen")}
        self.scene.bridge.start_daemon()
        wait_until(lambda: self.scene.entity_ids().keys() == self.present.keys(), 60, "the entities of today")
        self.assert_all_back(new=["Power"], gone=["Power", "Last seen"])
        self.assertEqual(of_before, set(self.scene.entity_ids().values()))
        self.scene.restart_core()
        self.assert_all_back(new=["Power"], gone=["Power", "Last seen"])
        self.assertEqual(of_before, set(self.scene.entity_ids().values()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
