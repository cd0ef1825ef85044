"""A device discovery message as Home Assistant reads it: abbreviations written out, shared options handed down.

Only the device form, and only the options that we may come to use; abbreviations as in Core's mqtt/abbreviations.py.
The tests with a real Core (tests/homeassistant) read the announcements with this module, too.
"""

import dataclasses

AVAILABILITY = {"t": "topic", "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
                "val_tpl": "value_template"}
# What the root may hold for all its components.
SHARED = {"avty": "availability", "avty_mode": "availability_mode", "avty_t": "availability_topic",
          "avty_tpl": "availability_template", "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
          "stat_t": "state_topic", "cmd_t": "command_topic", "e": "encoding", "qos": "qos"}
ROOT = SHARED | {"dev": "device", "o": "origin", "cmps": "components"}
DEVICE = {"ids": "identifiers", "cns": "connections", "name": "name", "mf": "manufacturer", "mdl": "model",
          "mdl_id": "model_id", "hw": "hw_version", "sw": "sw_version", "sn": "serial_number", "sa": "suggested_area",
          "cu": "configuration_url", "via_device": "via_device"}
ORIGIN = {"name": "name", "sw": "sw_version", "url": "support_url"}
COMPONENT = SHARED | {
    "p": "platform", "uniq_id": "unique_id", "def_ent_id": "default_entity_id", "obj_id": "object_id",
    "val_tpl": "value_template", "dev_cla": "device_class", "unit_of_meas": "unit_of_measurement",
    "stat_cla": "state_class", "exp_aft": "expire_after", "ent_cat": "entity_category", "en": "enabled_by_default",
    "sug_dsp_prc": "suggested_display_precision", "frc_upd": "force_update", "json_attr_t": "json_attributes_topic",
    "json_attr_tpl": "json_attributes_template", "lrst_val_tpl": "last_reset_value_template", "ops": "options",
    "ic": "icon", "ent_pic": "entity_picture", "pl_on": "payload_on", "pl_off": "payload_off", "off_dly": "off_delay",
    "pl_prs": "payload_press"}


@dataclasses.dataclass
class Component:
    """One announced entity; `config` has long names and holds what the root shares with all components."""

    topic: str
    key: str
    config: dict
    device: dict
    removed: bool = False  # announced with nothing but its platform, which takes it away

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

    def availability_entries(self):
        """[(topic, payload that means available, payload that means not available, template or None)]"""
        words = {"payload_available": "online", "payload_not_available": "offline"} | self.config
        if "availability_topic" in self.config:
            entries = [{"topic": words["availability_topic"], "value_template": words.get("availability_template")}]
        else:
            entries = self.config.get("availability", [])
        return [(entry["topic"], entry.get("payload_available", words["payload_available"]),
                 entry.get("payload_not_available", words["payload_not_available"]), entry.get("value_template"))
                for entry in entries]

    def availability(self):
        """(topics with the payload that means available, mode)"""
        topics = {topic: available for topic, available, _, _ in self.availability_entries()}
        mode = "latest" if "availability_topic" in self.config else self.config.get("availability_mode", "latest")
        return topics, mode


def expand(payload):
    """The decoded payload with long names on all its levels; what has a wrong form stays as it is."""
    root = _long(payload, ROOT)
    _replace(root, "device", lambda device: _long(device, DEVICE))
    _replace(root, "origin", lambda origin: _long(origin, ORIGIN))
    _replace(root, "availability", _long_entries)
    _replace(root, "components", lambda components: _each(components, _long_component))
    return root


def components(topic, root):
    """All components of an expanded payload, those that it removes included."""
    shared = {name: root[name] for name in SHARED.values() if name in root}
    return [Component(topic, key, shared | options, root["device"], removed=set(options) == {"platform"})
            for key, options in root["components"].items()]


def _long_component(options):
    options = _long(options, COMPONENT)
    _replace(options, "availability", _long_entries)
    return options


def _long_entries(entries):
    return [_long(entry, AVAILABILITY) for entry in entries] if isinstance(entries, list) else entries


def _long(options, names):
    return {names.get(name, name): value for name, value in options.items()} if isinstance(options, dict) else options


def _each(options, change):
    return {name: change(value) for name, value in options.items()} if isinstance(options, dict) else options


def _replace(options, name, change):
    if isinstance(options, dict) and name in options:
        options[name] = change(options[name])
