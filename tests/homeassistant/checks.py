"""Compares what was announced and published with what Home Assistant Core made of it.

Each check returns a list of sentences, empty when all is well: the tests can so show that a check can fail.
"""

import datetime
import decimal
import json
import re

import jinja2

# Core has no value for these before somebody uses them.
STATELESS = {"button", "event", "scene"}
ATTRIBUTES = ["device_class", "unit_of_measurement", "state_class", "options", "icon"]
DEVICE_FIELDS = ["name", "manufacturer", "model", "model_id", "sw_version", "hw_version", "serial_number",
                 "configuration_url"]
LOUD = {"WARNING", "ERROR", "CRITICAL"}
OUR_LOGGERS = ("homeassistant.components.mqtt", "homeassistant.components.sensor",
               "homeassistant.components.binary_sensor", "homeassistant.components.button",
               "homeassistant.helpers.entity", "homeassistant.helpers.template", "paho")
# What Core says of itself where a test takes the broker away, or deletes a device as a user does: Core then empties the
# device's topic once for each of its entities, and misses the device at all but the first.
BROKER_AWAY = re.compile(r"\[(homeassistant.components.mqtt.client|paho\S*)\] .*"
                         r"(Disconnected from MQTT server|Failed to connect to MQTT server|Connection refused|"
                         r"Error returned from MQTT server: The connection was lost)")
DEVICE_DELETED = re.compile(r"\[homeassistant.components.mqtt.discovery\] No device components to cleanup for ")
# A device goes that has entities which are disabled in Core, as some of a meter's are: Core empties its topic, too.
METER_TAKEN_AWAY = re.compile(DEVICE_DELETED.pattern + "iometer_meter_")
# Core's one thread is busy with thousands of new entities.
CORE_BUSY = re.compile(r"\[homeassistant.components.mqtt.client\] No ACK from MQTT server in|"
                       r"\[homeassistant.helpers.entity\] Updating state for .* took [\d.]+ seconds")


def registry(components, entities):
    """Every announced component is an entity, described as announced, and nothing else is there."""
    problems = []
    for component in components:
        entity = entities.get(component.identity)
        where = f"{component.topic} {component.key}"
        if entity is None:
            problems.append(f"{where}: no entity with unique id {component.unique_id}")
            continue
        if (entity["disabled_by"] is None) != component.enabled:
            problems.append(f"{where}: enabled_by_default {component.enabled}, disabled by {entity['disabled_by']}")
        expected = {"entity_category": component.config.get("entity_category")}
        if "name" in component.config:
            expected["original_name"] = component.config["name"]
        problems += [f"{where}: {field} is {entity[field]!r}, announced {value!r}"
                     for field, value in expected.items() if entity[field] != value]
    announced = {component.identity for component in components}
    problems += [f"{entity['entity_id']}: nobody announced it" for identity, entity in entities.items()
                 if identity not in announced]
    return problems


def devices(components, entities, by_id):
    """Each entity hangs on the device that its payload describes."""
    problems = []
    announced = {one for component in components for one in _identifiers(component.device)}
    for component in components:
        entity = entities.get(component.identity)
        device = by_id.get(entity["device_id"]) if entity else None
        where = f"{component.topic} {component.key}"
        if device is None:
            problems.append(f"{where}: no device")
            continue
        identifiers = _identifiers(component.device)
        if {("mqtt", one) for one in identifiers} != {tuple(one) for one in device["identifiers"]}:
            problems.append(f"{where}: identifiers {device['identifiers']}, announced {identifiers}")
        expected = {field: component.device[field] for field in DEVICE_FIELDS if field in component.device}
        problems += [f"{where}: device {field} is {device[field]!r}, announced {value!r}"
                     for field, value in expected.items() if device[field] != value]
        parent = component.device.get("via_device")
        if parent and parent not in announced:
            problems.append(f"{where}: its parent {parent} was never announced")
        if parent and ["mqtt", parent] not in by_id.get(device["via_device_id"], {"identifiers": []})["identifiers"]:
            problems.append(f"{where}: its device does not hang on {parent}")
    return problems


def _identifiers(device):
    identifiers = device.get("identifiers", [])
    return [identifiers] if isinstance(identifiers, str) else identifiers


def states(components, entities, by_entity_id, published):
    """Every enabled entity has the state and the attributes that the topics say; published: topic -> last payloads."""
    problems = []
    for component in components:
        entity = entities.get(component.identity)
        if entity is None or not component.enabled:
            continue
        state = by_entity_id.get(entity["entity_id"])
        where = f"{entity['entity_id']} ({component.topic} {component.key})"
        if state is None:
            problems.append(f"{where}: no state")
            continue
        if not state["attributes"]["friendly_name"].startswith(component.device.get("name", "")):
            problems.append(f"{where}: friendly name {state['attributes']['friendly_name']!r}")
        for name in ATTRIBUTES:
            if state["attributes"].get(name) != component.config.get(name):
                problems.append(f"{where}: {name} is {state['attributes'].get(name)!r}, "
                                f"announced {component.config.get(name)!r}")
        problems += _value(component, state["state"], published, where)
    return problems


def _value(component, state, published, where):
    if not available(component, published):
        return [] if state == "unavailable" else [f"{where}: state {state!r} though its availability is offline"]
    if state == "unavailable":
        return [f"{where}: unavailable though its availability is online"]
    if component.platform in STATELESS:
        return []
    # An empty one takes a topic away; that is no state.
    payloads = [one for one in published.get(component.config.get("state_topic"), []) if one]
    if not payloads:
        return [f"{where}: nothing was published on {component.config.get('state_topic')}"]
    if any(_shows(component, state, payload.decode(errors="replace")) for payload in payloads[-5:]):
        return []
    return [f"{where}: state {state!r}, last payload {payloads[-1]!r}"]


def available(component, published):
    topics, mode = component.availability()
    online = [published.get(topic, [b""])[-1].decode() == payload for topic, payload in topics.items()]
    return all(online) if mode == "all" else not online or any(online)


def _shows(component, state, payload):
    config = component.config
    payload = _rendered(config, payload)
    if payload == "None" or ("options" in config and payload not in config["options"]):
        return state == "unknown"
    if component.platform == "binary_sensor":
        return _binary(config, state, payload)
    if config.get("device_class") == "timestamp":
        return state not in ("unknown", "unavailable") and _moment(state) == _moment(payload).replace(microsecond=0)
    if "unit_of_measurement" in config or "state_class" in config:
        return _number(state) is not None and _number(state) == _number(payload)
    return state == payload


def _binary(config, state, payload):
    if payload == config.get("payload_on", "ON"):
        return state == "on"
    if payload == config.get("payload_off", "OFF"):
        return state == "off"
    return False


def _rendered(config, payload):
    """What Core's value template makes of it: Jinja, of which ours need nothing that Core has added."""
    if "value_template" not in config:
        return payload
    try:
        value_json = json.loads(payload)
    except ValueError:
        value_json = None
    return jinja2.Template(config["value_template"]).render(value=payload, value_json=value_json)


def _moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _number(text):
    try:
        return decimal.Decimal(text)
    except decimal.InvalidOperation:
        return None


def log(entries, words, expected=()):
    """Warnings and errors about MQTT or about us, but for the expected ones (patterns of "[logger] text").

    words: names that are ours (prefix, unique ids, entity ids).
    """
    lower = ["mqtt", "iometer"] + [word.lower() for word in words]
    problems = []
    for entry in entries:
        text = f"[{entry.logger}] {entry.text}"
        ours = entry.logger.startswith(OUR_LOGGERS) or any(word in text.lower() for word in lower)
        if entry.level in LOUD and ours and not any(pattern.match(text) for pattern in expected):
            problems.append(f"{entry.level} {text}")
    return problems


def ghosts(entities, by_entity_id, by_id):
    """What is left of something that nobody provides any more: entities of an earlier start, devices without one."""
    problems = []
    for entity in entities.values():
        state = by_entity_id.get(entity["entity_id"])
        if entity["disabled_by"] is None and state is None:
            problems.append(f"{entity['entity_id']}: registered, without a state")
        elif state is not None and state["attributes"].get("restored"):
            problems.append(f"{entity['entity_id']}: restored from an earlier start, nobody provides it")
    used = {entity["device_id"] for entity in entities.values()}
    problems += [f"device {device['name']}: without entities" for device in by_id.values()
                 if device["id"] not in used and any(one[0] == "mqtt" for one in device["identifiers"])]
    return problems


def duplicates(entities):
    """Entity ids with a number that their name does not have: Core appends it where the id was taken."""
    problems = []
    for entity in entities.values():
        number = re.search(r"_\d+$", entity["entity_id"])
        name = re.sub(r"\W+", "_", (entity["original_name"] or "").lower())
        if number and not name.endswith(number.group()):
            problems.append(f"{entity['entity_id']}: the second of its name ({entity['original_name']!r})")
    return problems
