"""Plays the bridge with hand-made payloads, so that the checks can be shown to pass and to fail on known input."""

import copy
import json
import subprocess

ONLINE = [{"topic": "iometer/bridge/state"}, {"topic": "iometer/meter/1isk0070001234/availability"}]
LIVE = ONLINE + [{"topic": "iometer/meter/1isk0070001234/availability/live"}]
ID = "0b3f5f0a-61d7-4d4b-9f4e-0d5c8d1c7a11"
VALUE = "iometer/meter/1isk0070001234/value"
PAYLOAD = {
    "device": {"identifiers": [f"iometer_meter_{ID}"], "name": "Meter 1ISK0070001234", "manufacturer": "ISK",
               "model": "Electricity meter", "serial_number": "1ISK0070001234", "via_device": "iometer_service"},
    "origin": {"name": "iometer2mqtt", "sw_version": "0.1.0"},
    "availability_mode": "all",
    "components": {
        "energy_import": {"platform": "sensor", "unique_id": f"{ID}_1.8.0", "name": "Energy import",
                          "state_topic": f"{VALUE}/energy_import", "device_class": "energy", "state_class": "total",
                          "unit_of_measurement": "kWh", "availability": ONLINE},
        "power": {"platform": "sensor", "unique_id": f"{ID}_16.7.0", "name": "Power", "state_topic": f"{VALUE}/power",
                  "device_class": "power", "state_class": "measurement", "unit_of_measurement": "W",
                  "availability": LIVE},
        "phase_angle": {"platform": "sensor", "unique_id": f"{ID}_81.7.4", "name": "Phase angle",
                        "enabled_by_default": False, "state_topic": f"{VALUE}/phase_angle",
                        "unit_of_measurement": "°", "state_class": "measurement", "availability": LIVE},
        "last_reading": {"platform": "sensor", "unique_id": f"{ID}_last_reading", "name": "Last reading",
                         "state_topic": "iometer/meter/1isk0070001234/last_reading", "device_class": "timestamp",
                         "entity_category": "diagnostic", "availability": ONLINE[:1]},
        "pin": {"platform": "sensor", "unique_id": f"{ID}_pin", "name": "PIN", "device_class": "enum",
                "options": ["entered", "pending", "missing"], "entity_category": "diagnostic",
                "value_template": "{{ value if value in ['entered','pending','missing'] else None }}",
                "state_topic": "iometer/device/0b3f5f0a/core_pin", "availability": ONLINE[:1]},
        "core": {"platform": "binary_sensor", "unique_id": f"{ID}_core", "name": "Core", "device_class": "connectivity",
                 "payload_on": "connected", "payload_off": "disconnected", "entity_category": "diagnostic",
                 "state_topic": "iometer/device/0b3f5f0a/core_connection", "availability": ONLINE[:1]},
        "battery": {"platform": "sensor", "unique_id": f"{ID}_battery", "name": "Battery", "device_class": "battery",
                    "state_class": "measurement", "unit_of_measurement": "%", "entity_category": "diagnostic",
                    "state_topic": "iometer/device/0b3f5f0a/core_battery", "availability": ONLINE[:1]},
    },
}
SERVICE = {
    "device": {"identifiers": ["iometer_service"], "name": "iometer2mqtt", "sw_version": "0.1.0"},
    "origin": {"name": "iometer2mqtt", "sw_version": "0.1.0"},
    "availability_topic": "iometer/bridge/state",
    "components": {"refresh": {"platform": "button", "unique_id": "iometer_service_refresh", "name": "Refresh",
                               "command_topic": "iometer/bridge/request/refresh", "entity_category": "diagnostic"}},
}
VALUES = {
    f"{VALUE}/energy_import": "12345.6789", f"{VALUE}/power": "-431.5", f"{VALUE}/phase_angle": "117",
    "iometer/meter/1isk0070001234/last_reading": "2026-11-20T10:11:12Z",
    "iometer/device/0b3f5f0a/core_pin": "resting", "iometer/device/0b3f5f0a/core_connection": "connected",
    "iometer/device/0b3f5f0a/core_battery": "None",
    "iometer/meter/1isk0070001234/availability": "online", "iometer/meter/1isk0070001234/availability/live": "online",
    "iometer/bridge/state": "online",
}


class StandIn:
    """The last will is that of a mosquitto_sub that subscribes to nothing of interest."""

    devices = 2

    def __init__(self):
        self.payload = copy.deepcopy(PAYLOAD)
        self.values = dict(VALUES)
        self.broker = None
        self.process = None

    def component(self, key):
        return self.payload["components"][key]

    def start(self, broker, _folder):
        self.broker = broker
        self.process = subprocess.Popen([
            "mosquitto_sub", "-p", str(broker.port), "-t", "iometer/bridge/request/#", "--will-topic",
            "iometer/bridge/state", "--will-payload", "offline", "--will-retain", "--will-qos", "1"])
        broker.publish("homeassistant/device/iometer_service/config", json.dumps(SERVICE))
        broker.publish("homeassistant/device/iometer_meter/config", json.dumps(self.payload))
        for topic, value in self.values.items():
            broker.publish(topic, value)

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process is not None:
            self.kill()
