"""A step in the life of an installation: what must be true after each one."""

import datetime

from broker import wait_until
from scene import SceneCase


class LifeCase(SceneCase):
    """After a step all is as announced, and what was there before has kept its unique id, entity id and history."""

    SECONDS = 60  # a meter that comes back may be in its catch-up for half of that

    def setUp(self):
        self.assert_settled()
        self.before = self.scene.entity_ids()
        self.names = self.entity_names()
        self.statistics = self.statistic_ids()
        self.began = datetime.datetime.now(datetime.timezone.utc)

    def assert_settled(self):
        self.assertEqual([], self.scene.settled(self.scene.problems, self.SECONDS))

    def assert_all_back(self, new=(), gone=()):
        """`new`, `gone`: names of the entities that the step has brought and taken away, once for each."""
        self.assert_settled()
        after = self.scene.entity_ids()
        names = self.entity_names()
        self.assertEqual(sorted(new), sorted(names[one] for one in after.keys() - self.before.keys()))
        self.assertEqual(sorted(gone), sorted(self.names[one] for one in self.before.keys() - after.keys()))
        kept = {identity: entity_id for identity, entity_id in self.before.items() if identity in after}
        self.assertEqual(kept, {identity: after[identity] for identity in kept})
        self.assert_history(kept)
        lost = {one for one in self.statistics if one in kept.values()} - self.statistic_ids()
        self.assertEqual(set(), lost)

    def assert_history(self, kept):
        """The recorder has states from before the step under the entity id of today."""
        shown = [entity_id for identity, entity_id in kept.items()
                 if self.scene.api.entities()[identity]["disabled_by"] is None]
        states = self.scene.api.history(shown, self.began - datetime.timedelta(hours=1), self.began)
        self.assertEqual([], [entity_id for entity_id in shown if not states.get(entity_id)])

    def entity_names(self):
        return {identity: entity["original_name"] for identity, entity in self.scene.api.entities().items()}

    def statistic_ids(self):
        return {one["statistic_id"] for one in self.scene.api.ask("recorder/list_statistic_ids")}

    def states(self, topic_part=""):
        """The states of the enabled entities that are announced on topics with that part."""
        entities, states = self.scene.api.entities(), self.scene.api.states()
        return [states[entities[one.identity]["entity_id"]]["state"] for one in self.scene.components()
                if one.enabled and topic_part in one.topic and one.identity in entities]

    def wait_for_unavailable(self, topic_part=""):
        wait_until(lambda: set(self.states(topic_part)) == {"unavailable"}, 30, "every entity is unavailable")

    def wait_for_text(self, topic, text, seconds=60):
        """The last payload on a topic."""
        wait_until(lambda: self.scene.watch.published().get(topic, [b""])[-1] == text.encode(), seconds,
                   f"{topic} says {text}")

    def mqtt_devices(self):
        """The registry's devices of ours by name."""
        return {device["name"]: device for device in self.scene.api.devices().values()
                if any(one[0] == "mqtt" for one in device["identifiers"])}


def meter_topic(meter, leaf):
    return f"iometer/meter/{meter.number.lower()}/{leaf}"
