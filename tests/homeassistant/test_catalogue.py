"""Every row of the sensor catalogue in Home Assistant Core, also those that start disabled there."""

import datetime
import json
import os
import subprocess
import unittest

import checks
from bridge import Bridge
from broker import wait_until
from scene import Scene, SceneCase

# Core loads an integration anew half a minute after an entity of it was enabled.
RELOADED = 90


class Catalogue(SceneCase):
    @classmethod
    def setUpClass(cls):
        rows = json.loads(subprocess.run([os.environ["IOMETER_CATALOGUE"]], capture_output=True, check=True).stdout)
        cls.media = {}
        for row in rows:
            cls.media.setdefault(row["medium"], []).append(row)
        bridge = Bridge(household=["--no-household", "--control"])
        bridge.devices = 1  # until readings come
        cls.begin(Scene(bridge, core_first=True))
        wait_until(lambda: bridge.control("stats")["subscriptions"] > 0, 20, "the subscription")
        time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        bridge.control("push", readings=[cls.reading(medium, time) for medium in cls.media])
        bridge.devices = 1 + len(cls.media)
        cls.scene.wait_for_announcements()

    @classmethod
    def reading(cls, medium, time):
        values = [{"obisCode": row["code"], "value": 20 + index, "unit": row["unit"]}
                  for index, row in enumerate(cls.media[medium])]
        meter = {"id": f"0000000{medium}-0000-4000-8000-000000000000", "number": f"METER{medium}",
                 "installation": {"id": "00000000-0000-4000-8000-00000000000a"}}
        return {"meter": meter, "time": time, "values": values}

    def test_1_every_row_is_accepted(self):
        self.assertEqual([], checks.registry(self.scene.components(), self.scene.api.entities()))
        self.assertEqual([], checks.devices(self.scene.components(), self.scene.api.entities(),
                                            self.scene.api.devices()))
        codes = {one.key for one in self.scene.components()}
        self.assertEqual([], [row["code"] for rows in self.media.values() for row in rows if row["id"] not in codes])

    def test_2_every_row_works_once_it_is_enabled(self):
        api = self.scene.api
        disabled = [entity["entity_id"] for entity in api.entities().values() if entity["disabled_by"]]
        self.assertGreater(len(disabled), 50)
        for entity_id in disabled:
            api.ask("config/entity_registry/update", entity_id=entity_id, disabled_by=None)

        def problems():
            components = self.scene.components()
            for one in components:
                one.config["enabled_by_default"] = True
            return checks.states(components, api.entities(), api.states(), self.scene.watch.published())

        self.assertEqual([], self.scene.settled(problems, RELOADED))


if __name__ == "__main__":
    unittest.main()
