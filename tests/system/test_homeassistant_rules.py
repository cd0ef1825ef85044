"""The rules themselves, on hand-made messages: a right home is left alone, and each wrong one is told what is wrong."""

import copy
import json
import types

import pytest
from harness.homeassistant_rules import broken_rules
from harness.lab_rules import LabRules
from harness.recorder import Message

SERVICE, METER, READER = "service", "iometer_meter_1", "iometer_device_1"
VALUE = "iometer/meter/1/value"
ALWAYS = [{"topic": "iometer/bridge/state"}]
FRESH = ALWAYS + [{"topic": "iometer/meter/1/availability"}]


def sensor(name, topic, availability=ALWAYS, **options):
    more = {"availability_mode": "all"} if len(availability) > 1 else {}
    return {"platform": "sensor", "unique_id": topic.replace("/", "_"), "name": name, "state_topic": topic,
            "availability": copy.deepcopy(availability), **more, **options}


def device(identifier, name, components, **more):
    return {"device": {"identifiers": [identifier], "name": name, **more},
            "origin": {"name": "iometer2mqtt", "sw_version": "0.1.0"}, "components": components}


PIN = "{{ value if value in ['entered', 'missing'] else 'None' }}"
PAYLOADS = {
    SERVICE: device(SERVICE, "iometer2mqtt", {
        "press": {"platform": "button", "unique_id": "service_press", "name": "Refresh", "command_topic": "iometer/x",
                  "payload_press": "{}", "availability": copy.deepcopy(ALWAYS)},
        "problem": sensor("Problem", "iometer/bridge/health", value_template="{{ value_json.problem }}"),
        "api": sensor("API", "iometer/bridge/health", platform="binary_sensor", unique_id="service_api",
                      value_template="{{ 'ON' if value_json.api.state == 'live' else 'OFF' }}")}),
    METER: device(METER, "Meter 1", via_device=SERVICE, serial_number="1", components={
        "import": sensor("Energy import", f"{VALUE}/import", FRESH, device_class="energy", state_class="total",
                         unit_of_measurement="kWh", suggested_display_precision=2, icon="mdi:counter"),
        "power": sensor("Power", f"{VALUE}/power", FRESH, device_class="power", state_class="measurement",
                        unit_of_measurement="W"),
        "factor": sensor("Power factor", f"{VALUE}/factor", FRESH, device_class="power_factor"),
        "last": sensor("Last reading", "iometer/meter/1/last_reading", device_class="timestamp",
                       entity_category="diagnostic"),
        "reason": sensor("Status", "iometer/meter/1/reason"),
        "odd": sensor("OBIS 1-0:96.5.0", f"{VALUE}/odd", FRESH, enabled_by_default=False, state_class="total")}),
    READER: device(READER, "IOmeter 1", via_device=SERVICE, components={
        "pin": sensor("PIN", "iometer/device/1/pin", device_class="enum", options=["entered", "missing"],
                      value_template=PIN),
        "core": sensor("Core", "iometer/device/1/core", platform="binary_sensor", device_class="connectivity",
                       payload_on="connected", payload_off="disconnected")}),
}
STATES = {
    "iometer/bridge/state": "online", "iometer/meter/1/availability": "online", f"{VALUE}/power": "-12.5",
    "iometer/bridge/health": json.dumps({"problem": "ok", "api": {"state": "live"}}), f"{VALUE}/import": "9199.6002",
    "iometer/meter/1/last_reading": "2026-11-20T10:11:12.250Z", "iometer/meter/1/reason": "ok",
    "iometer/device/1/pin": "forgotten", "iometer/device/1/core": "None", f"{VALUE}/factor": "0.98",
}


class Home:
    """A right one; change() and publish() spoil it. Announcements come after the first states, as with the bridge."""

    def __init__(self, prefix="homeassistant"):
        self.prefix = prefix
        self.payloads = copy.deepcopy(PAYLOADS)
        self.states = dict(STATES)
        self.messages = []

    def component(self, key, owner=METER):
        return self.payloads[owner]["components"][key]

    def topic(self, owner):
        return f"{self.prefix}/device/{owner}/config"

    def publish(self, topic, text, retain=True, after=2):
        time = self.messages[-1].time + after if self.messages else 0
        self.messages.append(Message(time, topic, text, retain, 1))

    def announce(self, owner, after=2, **components):
        """The device again; `components` replace its own, None leaves one out."""
        payload = self.payloads[owner]
        payload["components"] = {key: options for key, options in (payload["components"] | components).items()
                                 if options is not None}
        self.publish(self.topic(owner), json.dumps(payload), after=after)

    def begin(self):
        for topic, text in self.states.items():
            self.publish(topic, text)
        for owner in self.payloads:
            self.announce(owner)
        return self


def component(key, owner=METER, **options):
    """Changes one; None takes an option away."""
    def spoil(home):
        changed = home.component(key, owner) | options
        home.payloads[owner]["components"][key] = {name: value for name, value in changed.items() if value is not None}
        home.begin()
    return spoil


def payload(part, owner=METER, **options):
    """Changes a part of one payload: root, device or origin."""
    def spoil(home):
        target = home.payloads[owner] if part == "root" else home.payloads[owner][part]
        target.update(options)
        for name in [name for name, value in target.items() if value is None]:
            del target[name]
        home.begin()
    return spoil


def then(*steps):
    def spoil(home):
        home.begin()
        for step in steps:
            step(home)
    return spoil


def state(topic, text, **how):
    return then(lambda home: home.publish(topic, text, **how))


def config(owner, text, **how):
    return then(lambda home: home.publish(home.topic(owner), text, **how))


def without(topic):
    def spoil(home):
        del home.states[topic]
        home.begin()
    return spoil


def again(after=2, **options):
    """The meter announced once more, with another power."""
    return lambda home: home.announce(METER, after, power=home.component("power") | options)


GONE = {"platform": "sensor"}
IMPORT_ID = PAYLOADS[METER]["components"]["import"]["unique_id"]
# What is done, and words of the sentence that it must bring.
BROKEN = {
    "another form of topic": (state("homeassistant/sensor/x/config", "{}"), "the topic is not"),
    "a node id": (state("homeassistant/device/a/b/config", "{}"), "the topic is not"),
    "an odd object id": (state("homeassistant/device/a b/config", "{}"), "object id 'a b'"),
    "not retained": (config(METER, json.dumps(PAYLOADS[METER]), retain=False), "announcement is not retained"),
    "no JSON": (config(METER, "{"), "no JSON"),
    "no number of JSON": (config(METER, '{"a": NaN}'), "NaN is no number"),
    "a key twice": (config(METER, '{"a": 1, "a": 2}'), "a key twice"),
    "no object": (config(METER, "[]"), "no JSON object"),
    "no device": (payload("root", device=None), "device is missing"),
    "no components": (payload("root", components={}), "components is missing or no object with members"),
    "a component that is no object": (payload("root", components={"power": 1}), "component power is no object"),
    "availability without topic": (component("power", availability=[{"t0pic": "x"}]), "no list of objects with a"),
    "an unknown key at the root": (payload("root", expire_after=5), "the root has the unknown key 'expire_after'"),
    "an unknown key in device": (payload("device", colour="red"), "device has the unknown key 'colour'"),
    "an unknown key in origin": (payload("origin", author="me"), "origin has the unknown key 'author'"),
    "no identifiers": (payload("device", identifiers=None, connections=[["mac", "0"]]), "device lacks identifiers"),
    "no name of the device": (payload("device", name=None), "device lacks name"),
    "a blank serial number": (payload("device", serial_number=" "), "serial_number is ' '"),
    "no name of the origin": (payload("origin", name=None), "origin lacks name"),
    "its own parent": (payload("device", via_device=METER), "via_device names the device itself"),
    "an odd component id": (payload("root", components={"a b": PAYLOADS[METER]["components"]["power"]}), "id 'a b'"),
    "no platform": (component("power", platform=None), "component power: platform None"),
    "an unknown platform": (component("power", platform="thermometer"), "component power: platform 'thermometer'"),
    "an unknown key": (component("power", colour="red"), "component power: it has the unknown key 'colour'"),
    "a key of the other platform": (component("power", payload_on="1"), "the unknown key 'payload_on'"),
    "an object_id": (component("power", object_id="x"), "the unknown key 'object_id'"),
    "an abbreviation is no way around": (component("power", obj_id="x"), "the unknown key 'object_id'"),
    "no unique_id": (component("power", unique_id=None), "component power: it lacks unique_id"),
    "no name": (component("power", name=None), "component power: it lacks name"),
    "an empty name": (component("power", name=""), "name is ''"),
    "no state_topic": (component("power", state_topic=None), "component power: it lacks state_topic"),
    "no command_topic": (component("press", SERVICE, command_topic=None), "component press: it lacks command_topic"),
    "a button with a state": (component("press", SERVICE, state_topic="x"), "the unknown key 'state_topic'"),
    "an unknown class of button": (component("press", SERVICE, device_class="power"), "unknown to buttons"),
    "a wildcard": (component("power", state_topic="iometer/#"), "state_topic is 'iometer/#' instead of a topic"),
    "no availability": (component("reason", availability=None), "component reason: it has no availability topic"),
    "an odd availability": (component("reason", availability=[{"topic": "iometer/bridge/state", "x": 1}]),
                            "an entry of availability has the unknown key 'x'"),
    "availability twice": (component("reason", availability_topic="iometer/bridge/state"), "both availability and"),
    "no mode": (component("power", availability_mode=None), "availability_mode is None"),
    "another mode": (component("power", availability_mode="any"), "availability_mode is 'any'"),
    "a small name": (component("power", name="power"), "its name 'power' does not start with a capital"),
    "the device's name": (component("power", name="Meter 1 power"), "repeats the device's name 'Meter 1'"),
    "a name twice": (component("power", name="Energy import"), "power: its name 'Energy import' is also import's"),
    "an unknown class": (component("power", device_class="strength"), "device_class 'strength' is unknown to sensors"),
    "an unknown binary class": (component("core", READER, device_class="power_factor"), "unknown to binary sensors"),
    "another class's unit": (component("power", unit_of_measurement="kWh"),
                             "component power: unit_of_measurement 'kWh' is none of power's"),
    "a unit too few": (component("power", unit_of_measurement=None), "unit_of_measurement '' is none of power's"),
    "a unit of time": (component("last", unit_of_measurement="s"), "unit_of_measurement 's' is none of timestamp's"),
    "another state class": (component("power", state_class="total"), "state_class 'total' is none of power's"),
    "an unknown state class": (component("odd", state_class="sum"), "state_class 'sum' is unknown"),
    "an angle without its unit": (component("odd", state_class="measurement_angle"), "does not go with state_class"),
    "a last reset": (component("power", last_reset_value_template="{{ 0 }}"), "goes with state_class 'total' only"),
    "a register that expires": (component("import", expire_after=60), "component import: expire_after on a register"),
    "an enum without options": (component("reason", device_class="enum"), "device_class 'enum' without options"),
    "options without enum": (component("reason", options=["ok"]), "options go with device_class 'enum' only"),
    "options and a state class": (component("pin", READER, state_class="measurement"), "options do not go with"),
    "no options at all": (component("pin", READER, options=[]), "options is [] instead of"),
    "a negative precision": (component("import", suggested_display_precision=-1), "suggested_display_precision is -1"),
    "a precision that is no number": (component("import", suggested_display_precision=True), "precision is True"),
    "an odd category": (component("last", entity_category="config"), "entity_category is 'config'"),
    "a word for yes": (component("odd", enabled_by_default="no"), "enabled_by_default is 'no'"),
    "an odd icon": (component("import", icon="counter"), "icon is 'counter'"),
    "a unique id twice": (component("power", unique_id=IMPORT_ID), "is also that of component import"),
    "a unique id on two devices": (component("pin", READER, unique_id=IMPORT_ID),
                                   f"is also that of component import of homeassistant/device/{METER}/config"),
    "another unique id later": (then(again(unique_id="new")), "power: its platform and unique_id were"),
    "an identifier twice": (payload("device", READER, identifiers=[METER]), f"the identifier '{METER}' is also"),
    "an unknown parent": (payload("device", via_device="nobody"), "via_device 'nobody' is no announced device"),
    "a parent that is gone": (config(SERVICE, ""), f"via_device '{SERVICE}' is no announced device"),
    "payloads back to back": (then(again(icon="a:b"), again(after=0.5, icon="a:c")),
                              f"{METER}/config: two payloads within 0.50 s"),
    "gone without removal": (then(lambda home: home.announce(METER, power=None)), "component power: it vanished"),
    "removed unknown": (then(lambda home: home.announce(METER, new=GONE)), "component new: the removal of a component"),
    "removed twice": (then(lambda home: home.announce(METER, power=GONE),
                           lambda home: home.announce(METER, more=PAYLOADS[READER]["components"]["pin"])),
                      "component power: it is removed a second time"),
    "half a removal": (then(lambda home: home.announce(METER, power=GONE)), "power: its removal was never completed"),
    "nothing to take back": (config("other", ""), "an empty payload for a device that was not announced"),
    "no state": (without(f"{VALUE}/power"), f"component power: nothing was published on {VALUE}/power"),
    "no availability state": (without("iometer/meter/1/availability"), "component power: nothing was published on"),
    "a state not retained": (state(f"{VALUE}/power", "1", retain=False), f"power: {VALUE}/power is not retained"),
    "an availability not retained": (state("iometer/bridge/state", "online", retain=False), "state is not retained"),
    "an emptied state": (state(f"{VALUE}/power", ""), f"component power: {VALUE}/power is empty"),
    "an emptied state of a disabled entity": (state(f"{VALUE}/odd", ""), f"component odd: {VALUE}/odd is empty"),
    "another word for offline": (state("iometer/bridge/state", "down"), "the availability 'down' is neither"),
    "a text for a number": (state(f"{VALUE}/power", "unavailable"), "'unavailable' is no number"),
    "not a number": (state(f"{VALUE}/power", "nan"), "'nan' is no number"),
    "a text for a number by its class": (state(f"{VALUE}/factor", "good"), "'good' is no number"),
    "a text before its entity": (lambda home: (home.publish(f"{VALUE}/power", "much"), home.begin()), "'much' is no"),
    "a time of another form": (state("iometer/meter/1/last_reading", "20.11.2026 10:11"), "no time of RFC 3339"),
    "a time that is none": (state("iometer/meter/1/last_reading", "2026-13-20T10:11:12Z"), "no time of RFC 3339"),
    "a time without a zone": (state("iometer/meter/1/last_reading", "2026-11-20T10:11:12"), "no time of RFC 3339"),
    "no option": (component("pin", READER, value_template=None), "'forgotten' is none of the options"),
    "neither on nor off": (state("iometer/device/1/core", "maybe"), "'maybe' is neither 'connected' nor"),
    "a long text": (state("iometer/meter/1/reason", "x" * 256), "has 256 characters, more than 255"),
    "a template's member": (state("iometer/bridge/health", '{"problem": "", "api": {}}'), "reads value_json.api.state"),
    "a template without JSON": (state("iometer/bridge/health", "ok"), "component problem: on iometer/bridge/health"),
    "a long member": (state("iometer/bridge/health", json.dumps({"problem": "x" * 256, "api": {"state": "live"}})),
                      "more than 255"),
}


def complaints(home, **known):
    return "\n".join(broken_rules(home.messages, home.prefix, **known))


def test_a_right_home():
    assert complaints(Home().begin()) == ""
    assert complaints(Home("house/ha").begin()) == ""


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_reported(case):
    spoil, words = BROKEN[case]
    home = Home()
    spoil(home)
    assert words in complaints(home)


def test_a_right_life():
    """Replays, removal in two steps, another value for a while, a device that goes, Home Assistant's own messages."""
    home = Home().begin()
    for owner in home.payloads:
        home.announce(owner, after=0)
    home.publish("homeassistant/status", "online", retain=False)
    home.announce(METER, power=GONE)
    home.announce(METER, power=None)
    home.publish(f"{VALUE}/power", "")
    home.publish(f"{VALUE}/import", "None")
    home.publish(f"{VALUE}/import", "1e3")
    home.publish(home.topic(READER), "")
    home.announce(READER, after=0)
    assert complaints(home) == ""


def test_shared_and_abbreviated_options():
    home = Home()
    root = home.payloads[METER]
    root["o"], root["avty"] = root.pop("origin"), [{"t": "iometer/bridge/state"}]
    reason = home.component("reason")
    reason["uniq_id"] = reason.pop("unique_id")
    del reason["availability"]
    assert complaints(home.begin()) == ""


def test_who_came_late_knows_no_history():
    """The late-comer finds a half removal and the next payload at once; and a restart forgets what was announced."""
    home = Home()
    home.announce(METER, new=GONE)
    home.announce(METER, after=0.1, new=None)
    home.publish(home.topic("other"), "")
    home.begin()
    assert "removal of a component that was not announced" in complaints(home)
    assert complaints(home, from_start=False) == ""
    home = Home().begin()
    home.announce(METER, power=None)
    assert "vanished" in complaints(home)
    assert complaints(home, one_run=False) == ""


def judged(home, running=True, late=False, expected=()):
    """What the fixtures make of a lab with one recorder, which saw the home's messages before it was asked."""
    messages = list(home.messages)
    recorder = types.SimpleNamespace(since=lambda position: messages[position:], connections=1)
    daemon = types.SimpleNamespace(is_running=lambda: running)
    rules = LabRules(types.SimpleNamespace(recorders=[recorder], late_recorders=[recorder] if late else [],
                                           daemons=[daemon], prefixes={"homeassistant"}, expected_breaks=expected))
    rules.settle()
    return "\n".join(rules.broken())


def test_the_end_of_a_lab(monkeypatch):
    monkeypatch.setattr("harness.lab_rules.QUIET_SECONDS", 0.3)
    home = Home()
    without(f"{VALUE}/power")(home)
    assert "nothing was published" in judged(home)
    assert judged(home, running=False) == "", "a bridge that was killed owes nothing any more"
    assert judged(home, expected=["nothing was .* on .*/power"]) == ""
    assert "expected, but it did not happen: battery" in judged(Home().begin(), expected=["battery"])
    home = Home().begin()
    home.publish(home.topic("other"), "")
    assert "not announced" in judged(home) and judged(home, late=True) == ""
