"""The discovery payloads that are retained at the broker, read as Home Assistant reads them.

Only the device form, and only the options that we use; abbreviations as in Core's mqtt/abbreviations.py.
"""

import dataclasses
import json

ROOT = {"dev": "device", "o": "origin", "cmps": "components", "avty": "availability", "avty_mode": "availability_mode",
        "avty_t": "availability_topic", "stat_t": "state_topic", "e": "encoding", "pl_avail": "payload_available",
        "pl_not_avail": "payload_not_available", "cmd_t": "command_topic"}
DEVICE = {"ids": "identifiers", "cns": "connections", "mf": "manufacturer", "mdl": "model", "mdl_id": "model_id",
          "hw": "hw_version", "sw": "sw_version", "sn": "serial_number", "sa": "suggested_area",
          "cu": "configuration_url"}
COMPONENT = ROOT | {
    "p": "platform", "uniq_id": "unique_id", "def_ent_id": "default_entity_id", "val_tpl": "value_template",
    "dev_cla": "device_class", "unit_of_meas": "unit_of_measurement", "stat_cla": "state_class",
    "exp_aft": "expire_after", "ent_cat": "entity_category", "en": "enabled_by_default",
    "sug_dsp_prc": "suggested_display_precision", "frc_upd": "force_update", "json_attr_t": "json_attributes_topic",
    "json_attr_tpl": "json_attributes_template", "ops": "options", "ic": "icon", "pl_on": "payload_on",
    "pl_off": "payload_off", "pl_prs": "payload_press"}
AVAILABILITY = {"t": "topic", "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
                "val_tpl": "value_template"}
SHARED = ["availability", "availability_mode", "availability_topic", "payload_available", "payload_not_available",
          "state_topic", "command_topic", "qos", "encoding"]


@dataclasses.dataclass
class Component:
    """One announced entity; `config` has long names and holds what the root shares with all components."""

    topic: str
    key: str
    config: dict
    device: dict

    @property
    def platform(self):
        return self.config["platform"]

    @property
    def unique_id(self):
        return self.config.get("unique_id")

    @property
    def identity(self):
        return (self.platform, self.unique_id)

    @property
    def enabled(self):
        return self.config.get("enabled_by_default", True)

    def availability(self):
        """(topics with the payload that means available, mode)"""
        online = self.config.get("payload_available", "online")
        if "availability_topic" in self.config:
            return {self.config["availability_topic"]: online}, "latest"
        entries = [_long(entry, AVAILABILITY) for entry in self.config.get("availability", [])]
        topics = {entry["topic"]: entry.get("payload_available", online) for entry in entries}
        return topics, self.config.get("availability_mode", "latest")


def _long(options, names):
    return {names.get(name, name): value for name, value in options.items()}


def read(retained, prefix="homeassistant"):
    """All components in the retained payloads ({topic: bytes}); a cleared topic is not there any more."""
    found = []
    for topic, payload in sorted(retained.items()):
        if not (topic.startswith(f"{prefix}/device/") and topic.endswith("/config")):
            continue
        root = _long(json.loads(payload), ROOT)
        device = _long(root["device"], DEVICE)
        shared = {name: root[name] for name in SHARED if name in root}
        for key, options in root["components"].items():
            config = shared | _long(options, COMPONENT)
            if set(config) - set(shared) == {"platform"}:
                continue  # the documented way to remove a component
            found.append(Component(topic, key, config, device))
    return found
