"""Home Assistant's device discovery messages, as far as the tests ask: which entity stands for which value."""

import dataclasses
import json

PREFIX = "homeassistant"


@dataclasses.dataclass(frozen=True)
class Entity:
    device: str  # the device's first identifier
    key: str  # its name among the components
    config: dict

    @property
    def unique_id(self):
        return self.config["unique_id"]

    @property
    def state_topic(self):
        return self.config["state_topic"]

    @property
    def availability_topics(self):
        return [entry["topic"] for entry in self.config.get("availability", [])]


def is_config(topic):
    return topic.startswith(f"{PREFIX}/device/") and topic.endswith("/config")


def payloads(retained):
    """{topic: decoded payload} of what is announced in {topic: text}."""
    return {topic: json.loads(text) for topic, text in retained.items() if is_config(topic) and text}


def entities(retained):
    found = []
    for payload in payloads(retained).values():
        device = payload["device"]["identifiers"][0]
        for key, config in payload["components"].items():
            if set(config) != {"platform"}:  # the documented way to remove one
                found.append(Entity(device, key, config))
    return found


def value_topics(retained, meter_id):
    """{canonical OBIS code: state topic} of the entities that are announced for a meter.

    Unique ids are made of the API's own identities: the meter's UUID and the code, 1-0:1.8.0 as 1_0_1_8_0.
    """
    found = {}
    for entity in entities(retained):
        if meter_id not in entity.device:
            continue
        groups = entity.unique_id.removeprefix(entity.device).strip("_").split("_")
        if len(groups) in (5, 6) and all(group.isdigit() for group in groups):
            code = "{}-{}:{}.{}.{}".format(*groups)
            found[f"{code}*{groups[5]}" if len(groups) == 6 else code] = entity.state_topic
    return found
