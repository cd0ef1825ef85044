"""What Home Assistant demands of one device discovery message, as strict as its MQTT integration and a little stricter.

At the root, in `device` and in `origin` one unknown key costs the whole device; in a component Core drops it silently,
which hides a typing error from us: both are reported. Stricter than Core is what makes a good entity: a unique id, a
name, an availability. Each check gives sentences; no sentence, no complaint.
"""

import json
import pathlib
import re

from . import announcement

_table = json.loads((pathlib.Path(__file__).parent / "sensor_classes.json").read_text())
SENSOR_CLASSES = _table["sensor"]
BINARY_SENSOR_CLASSES = _table["binary_sensor"]
STATE_CLASSES = _table["state_classes"]
STATE_CLASS_UNITS = _table["state_class_units"]
TOTALS = ("total", "total_increasing")

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+")


def _is_text(value):
    return isinstance(value, str) and bool(value.strip())


def _is_topic(value):
    return _is_text(value) and not set(value) & set("+#\0") and len(value.encode()) <= 65535


def _is_natural(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_words(value):
    return isinstance(value, list) and bool(value) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_identifiers(value):
    return _is_text(value) or _is_words(value)


def _is_connections(value):
    return isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 and all(map(_is_text, pair))
                                           for pair in value)


# How a value must look, and how the complaint calls it.
TEXT = (_is_text, "a text that is not empty")
TOPIC = (_is_topic, "a topic")
BOOLEAN = (lambda value: isinstance(value, bool), "true or false")
NATURAL = (_is_natural, "a whole number from 0 up")
WORDS = (_is_words, "a list of texts, each once")
ICON = (lambda value: _is_text(value) and re.fullmatch(r"\w+:[\w-]+", value), "an icon such as mdi:counter")
QOS = (lambda value: _is_natural(value) and value <= 2, "0, 1 or 2")
ENTRIES = (lambda value: isinstance(value, list) and bool(value), "a list with an entry")
MODE = (lambda value: value in ("all", "any", "latest"), "all, any or latest")
CATEGORY = (lambda value: value == "diagnostic", "diagnostic")
OBJECT = (lambda value: isinstance(value, dict) and bool(value), "an object with members")

AVAILABILITY = {"topic": TOPIC, "payload_available": TEXT, "payload_not_available": TEXT, "value_template": TEXT}
SHARED = {"availability": ENTRIES, "availability_mode": MODE, "availability_topic": TOPIC,
          "availability_template": TEXT, "payload_available": TEXT, "payload_not_available": TEXT,
          "state_topic": TOPIC, "command_topic": TOPIC, "encoding": TEXT, "qos": QOS}
ROOT = SHARED | {"device": OBJECT, "origin": OBJECT, "components": OBJECT}
DEVICE = {name: TEXT for name in announcement.DEVICE.values()} | {"identifiers": (_is_identifiers, WORDS[1]),
                                                                  "connections": (_is_connections, "a list of pairs")}
ORIGIN = {name: TEXT for name in announcement.ORIGIN.values()}
ENTITY = {name: kind for name, kind in SHARED.items() if name != "command_topic"} | {
    "platform": TEXT, "unique_id": TEXT, "default_entity_id": TEXT, "name": TEXT, "icon": ICON, "entity_picture": TEXT,
    "entity_category": CATEGORY, "enabled_by_default": BOOLEAN, "device_class": TEXT, "value_template": TEXT,
    "expire_after": NATURAL, "force_update": BOOLEAN, "json_attributes_topic": TOPIC, "json_attributes_template": TEXT}
# No object_id: Core warned of it from 2025.10 on and has forgotten it in 2026.4.
PLATFORMS = {
    "sensor": ENTITY | {"unit_of_measurement": TEXT, "state_class": TEXT, "options": WORDS,
                        "suggested_display_precision": NATURAL, "last_reset_value_template": TEXT},
    "binary_sensor": ENTITY | {"payload_on": TEXT, "payload_off": TEXT, "off_delay": NATURAL},
    "button": {name: kind for name, kind in ENTITY.items() if name not in ("state_topic", "value_template")} | {
        "command_topic": TOPIC, "payload_press": TEXT},
}


def read(text):
    """The expanded payload; ValueError with a sentence where it is no JSON object that can be looked at any further."""
    try:
        payload = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except ValueError as error:
        raise ValueError(f"the payload is no JSON: {error}") from None
    if not isinstance(payload, dict):
        raise ValueError("the payload is no JSON object")
    root = announcement.expand(payload)
    for name in ("device", "origin", "components"):
        if not OBJECT[0](root.get(name)):
            raise ValueError(f"{name} is missing or no object with members")
    for key, options in root["components"].items():
        if not isinstance(options, dict):
            raise ValueError(f"component {key} is no object")
        _demand_entries(f"component {key}", options)
    _demand_entries("the root", root)
    return root


def _object(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError(f"a key twice in one object: {', '.join(name for name, _ in pairs)}")
    return dict(pairs)


def _no_number(word):
    raise ValueError(f"{word} is no number of JSON")


def _demand_entries(where, options):
    entries = options.get("availability", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "topic" in entry for entry in entries):
        raise ValueError(f"availability of {where} is no list of objects with a topic")


def topic_problems(topic, prefix):
    match = re.fullmatch(r"device/([^/]*)/config", topic.removeprefix(f"{prefix}/"))
    if match is None:
        yield f"the topic is not {prefix}/device/<object id>/config"
    elif not IDENTIFIER.fullmatch(match.group(1)):
        yield f"the object id {match.group(1)!r} has characters other than A-Z a-z 0-9 _ -"


def root_problems(root):
    """All that is not about one component."""
    yield from _keys("the root", root, ROOT, ["device", "origin", "components"])
    yield from _keys("device", root["device"], DEVICE, ["identifiers", "name"])
    yield from _keys("origin", root["origin"], ORIGIN, ["name"])
    yield from _availability(root, root.get("availability_mode"))
    if root["device"].get("via_device") in identifiers(root["device"]):
        yield "via_device names the device itself"


def component_problems(component, own):
    """`own` are the component's options without those that the root shares."""
    if not IDENTIFIER.fullmatch(component.key):
        yield f"the component's id {component.key!r} has characters other than A-Z a-z 0-9 _ -"
    allowed = PLATFORMS.get(own.get("platform"))
    if allowed is None:
        yield f"platform {own.get('platform')!r} is none of {', '.join(PLATFORMS)}"
        return
    if component.removed:
        return
    wrong = list(_keys("it", own, allowed, []))
    yield from wrong
    for name in ("unique_id", "name", "command_topic" if own["platform"] == "button" else "state_topic"):
        if name not in component.config:
            yield f"it lacks {name}"
    yield from _availability(own, component.config.get("availability_mode"))
    if not component.availability_entries():
        yield "it has no availability topic"
    yield from _name(component)
    if not wrong:
        yield from _classes(component.platform, component.config)


def identifiers(device):
    """As a list, also where the device's only identifier stands alone."""
    found = device.get("identifiers", [])
    return [found] if isinstance(found, str) else found if isinstance(found, list) else []


def _keys(where, options, allowed, required):
    for name in required:
        if name not in options:
            yield f"{where} lacks {name}"
    for name, value in options.items():
        if name not in allowed:
            yield f"{where} has the unknown key {name!r}"
        elif not allowed[name][0](value):
            yield f"{name} is {value!r} instead of {allowed[name][1]}"


def _availability(options, mode):
    entries = options.get("availability", [])
    for entry in entries:
        yield from _keys("an entry of availability", entry, AVAILABILITY, [])
    if "availability" in options and "availability_topic" in options:
        yield "it has both availability and availability_topic"
    if len(entries) > 1 and mode != "all":
        yield f"availability_mode is {mode!r} instead of 'all' with several topics"


def _name(component):
    name, device = component.config.get("name"), component.device.get("name")
    if not _is_text(name):
        return
    if not name[0].isupper():
        yield f"its name {name!r} does not start with a capital"
    if _is_text(device) and device.casefold() in name.casefold():
        yield f"its name {name!r} repeats the device's name {device!r}"


def _classes(platform, config):
    device_class = config.get("device_class")
    if platform == "button":
        if device_class not in (None, "identify", "restart", "update"):
            yield f"device_class {device_class!r} is unknown to buttons"
        return
    if platform == "binary_sensor":
        if device_class is not None and device_class not in BINARY_SENSOR_CLASSES:
            yield f"device_class {device_class!r} is unknown to binary sensors"
        return
    unit, state_class = config.get("unit_of_measurement", ""), config.get("state_class")
    if device_class is not None and device_class not in SENSOR_CLASSES:
        yield f"device_class {device_class!r} is unknown to sensors"
    elif device_class is not None:
        allowed = SENSOR_CLASSES[device_class]
        if allowed["units"] is not None and unit not in allowed["units"]:
            yield f"unit_of_measurement {unit!r} is none of {device_class}'s: {allowed['units']}"
        if state_class is not None and state_class not in allowed["state_classes"]:
            yield f"state_class {state_class!r} is none of {device_class}'s: {allowed['state_classes']}"
    yield from _state_class(config, unit, state_class)
    yield from _options(config, device_class, unit, state_class)


def _state_class(config, unit, state_class):
    if state_class is not None and state_class not in STATE_CLASSES:
        yield f"state_class {state_class!r} is unknown"
    if unit not in STATE_CLASS_UNITS.get(state_class, [unit]):
        yield f"unit_of_measurement {unit!r} does not go with state_class {state_class!r}"
    if "last_reset_value_template" in config and state_class != "total":
        yield f"last_reset_value_template goes with state_class 'total' only, not with {state_class!r}"
    # A register is true until it is read again, however long that takes.
    if "expire_after" in config and state_class in TOTALS:
        yield f"expire_after on a register (state_class {state_class!r})"


def _options(config, device_class, unit, state_class):
    if device_class == "enum" and "options" not in config:
        yield "device_class 'enum' without options"
    if "options" not in config:
        return
    if device_class != "enum":
        yield f"options go with device_class 'enum' only, not with {device_class!r}"
    if state_class is not None or unit:
        yield "options do not go with state_class or unit_of_measurement"
