"""A hundred meters: Core has them all soon, and neither start nor restart is a storm."""

import time
import unittest

import checks
from broker import wait_until
from household import Household
from scene import Scene, SceneCase

METERS = 100
CODES = 20
# Of a meter also its last reading, number and status; a device has six; the service six.
ENTITIES = METERS * (CODES + 3) + METERS * 6 + 6
SHOWN_WITHIN = 30  # seconds, less those that Core waits for processors which others use meanwhile
PATIENCE = 240  # seconds, where that is long
# Messages at the broker. All that is retained of the hundred is some 3,600, the readings of a second are 230: even
# where everything comes within one second, it comes once.
MOST_A_SECOND = 5000


class Fleet(SceneCase):
    @classmethod
    def setUpClass(cls):
        cls.household = Household(METERS, CODES, cadence=10)
        scene = Scene(cls.household, core_first=True)
        cls.addClassCleanup(scene.stop)
        scene.expected.add(checks.CORE_BUSY)
        scene.start_broker()
        scene.first_start_of_core()
        cls.household.prepare(scene.broker, scene.folder)
        cls.household.send_history(minutes=10)
        cls.household.begin_sending()
        cls.scene = scene

    def wait_until_all_are_shown(self, began):
        """(seconds since `began`, those of them that Core waited for a processor)"""
        waited = self.scene.core.waited()
        while True:
            looked = time.monotonic()
            missing = self.missing()
            now = time.monotonic()
            if not missing:
                return now - began, self.scene.core.waited() - waited
            if now - began > PATIENCE:
                self.fail(f"after {PATIENCE} s are missing or without a value: {len(missing)}, as {missing[:10]}")
            time.sleep(4 * (now - looked))  # a look at thousands of entities keeps Core from making them

    def missing(self):
        entities = self.scene.api.entities()
        if len(entities) < ENTITIES:
            return ["entity"] * (ENTITIES - len(entities))
        states = self.scene.api.states()
        return [entity["entity_id"] for (platform, _), entity in entities.items()
                if entity["disabled_by"] is None and platform not in checks.STATELESS
                and states.get(entity["entity_id"], {}).get("state", "unknown") in ("unavailable", "unknown")]

    def report(self, what, since, seconds, waited):
        most, messages = self.scene.watch.rate(since)
        print(f"{what}: {ENTITIES} entities after {seconds:.1f} s ({waited:.1f} s of it without a processor for Core), "
              f"{messages} messages, at most {most} in a second", flush=True)
        self.assertLessEqual(most, MOST_A_SECOND)
        self.assertLessEqual(seconds - waited, SHOWN_WITHIN)

    def test_1_core_shows_all_of_them(self):
        since, began = time.time(), time.monotonic()
        self.household.start_daemon()
        self.report("start of the bridge", since, *self.wait_until_all_are_shown(began))
        self.assertEqual([], checks.registry(self.scene.components(), self.scene.api.entities()))
        self.assertEqual([], self.scene.settled(self.scene.problems, 60))

    def test_2_a_restart_of_core_brings_all_back(self):
        before = self.scene.entity_ids()
        watch = self.scene.watch
        counts = {topic: watch.count(topic) for topic in watch.retained() if topic != "iometer/bridge/state"}
        self.scene.stop_core()
        since = time.time()
        self.scene.start_core()
        self.report("restart of Core", since, *self.wait_until_all_are_shown(time.monotonic()))
        wait_until(lambda: all(watch.count(topic) > count for topic, count in counts.items()), 60,
                   "the answer to Core's birth message: all that is retained")
        self.report("restart of Core and answer to its birth", since, 0, 0)
        again = {topic: watch.count(topic) - count for topic, count in counts.items() if topic.endswith("/config")}
        self.assertEqual({1}, set(again.values()), "each announcement comes once more, and once alone")
        self.assertEqual([], self.scene.settled(self.scene.problems, 60))
        self.assertEqual(before, self.scene.entity_ids())

    def test_3_a_restart_of_the_bridge_is_quiet(self):
        self.household.end()
        since, began = time.time(), time.monotonic()
        self.household.start_daemon()
        self.report("restart of the bridge", since, *self.wait_until_all_are_shown(began))
        self.assertEqual([], self.scene.settled(self.scene.problems, 60))


if __name__ == "__main__":
    unittest.main(verbosity=2)
