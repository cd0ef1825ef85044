"""Each of bridge, Core and broker goes away and comes back, alone and all at once."""

import itertools
import unittest

from bridge import Bridge
from broker import wait_until
from life import LifeCase
from scene import Scene


class Restarts(LifeCase):
    """The broker forgets what it retained: the bridge has to fill it again."""

    persistence = False

    @classmethod
    def setUpClass(cls):
        cls.begin(Scene(Bridge(meters=2), core_first=True, persistence=cls.persistence))

    def wait_for_available(self):
        wait_until(lambda: self.states() and "unavailable" not in self.states(), 60, "every entity is available")

    def test_core_restarts(self):
        self.scene.restart_core()
        self.assert_all_back()

    def test_the_integration_is_loaded_again(self):
        """Core's birth message: everything is announced anew, not only retained."""
        watch = self.scene.watch
        topics = {one.topic for one in self.scene.components()}
        before = {topic: watch.count(topic) for topic in topics}
        self.scene.api.reload_mqtt()
        wait_until(lambda: all(watch.count(topic) > before[topic] for topic in topics), 20, "announcements again")
        self.assert_all_back()

    def test_the_bridge_is_killed(self):
        self.scene.bridge.kill()
        self.wait_for_unavailable()
        self.scene.bridge.start_daemon()
        self.wait_for_available()
        self.assert_all_back()

    def test_the_bridge_is_stopped(self):
        self.assertEqual(0, self.scene.bridge.end())
        self.wait_for_unavailable()
        self.scene.bridge.start_daemon()
        self.wait_for_available()
        self.assert_all_back()

    def test_bridge_and_core_restart(self):
        self.scene.bridge.end()
        self.scene.stop_core()
        self.scene.start_all(["core", "bridge"])
        self.assert_all_back()

    def test_the_broker_restarts(self):
        self.scene.stop_broker()
        self.wait_for_unavailable_in_core()
        self.scene.start_broker()
        self.wait_for_available()
        self.assert_all_back()

    def wait_for_unavailable_in_core(self):
        """Nothing is announced at a broker that is away: asked of the entities of before."""
        states = self.scene.api.states
        wait_until(lambda: all(states().get(one, {"state": "unavailable"})["state"] == "unavailable"
                               for one in self.before.values()), 30, "every entity is unavailable")


class RestartsOfARememberingBroker(Restarts):
    persistence = True


class AllAtOnce(LifeCase):
    """As after a power cut, in any order."""

    @classmethod
    def setUpClass(cls):
        cls.begin(Scene(Bridge(meters=1), core_first=True))

    def restart(self, persistence, order):
        with self.subTest(persistence=persistence, order=order):
            self.setUp()
            self.scene.stop_all()
            self.scene.broker.persistence = persistence
            self.scene.start_all(order)
            self.assert_all_back()

    def test_the_broker_forgets(self):
        for order in itertools.permutations(["core", "broker", "bridge"]):
            self.restart(False, order)

    def test_the_broker_remembers(self):
        """It reads what it has kept only where it kept something at its last stop."""
        self.restart(True, ["broker", "bridge", "core"])  # nothing kept yet
        for order in (["core", "broker", "bridge"], ["bridge", "broker", "core"]):
            self.restart(True, order)
            self.assertGreater((self.scene.folder / "mosquitto.db").stat().st_size, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
