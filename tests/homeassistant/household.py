"""Installations, meters and readings that a test decides on, put into the simulator by its control interface."""

import datetime
import threading
import uuid

from bridge import Bridge

# C.D.E and unit: what a meter with three phases and tariffs sends, 20 values.
CODES = [("1.8.0", "Wh"), ("2.8.0", "Wh"), ("16.7.0", "W"), ("1.8.1", "Wh"), ("1.8.2", "Wh"), ("2.8.1", "Wh"),
         ("2.8.2", "Wh"), ("36.7.0", "W"), ("56.7.0", "W"), ("76.7.0", "W"), ("32.7.0", "V"), ("52.7.0", "V"),
         ("72.7.0", "V"), ("31.7.0", "A"), ("51.7.0", "A"), ("71.7.0", "A"), ("14.7.0", "Hz"), ("13.7.0", ""),
         ("33.7.0", ""), ("53.7.0", "")]
START = {"Wh": 1_000_000, "W": 300, "V": 230, "A": 2, "Hz": 50, "": 0.5}
STEP = {"Wh": 12, "W": 7, "V": 0.1, "A": 0.25, "Hz": 0.01, "": 0.01}


def identify(kind, number):
    """The same UUID each time; of version 4 in its form."""
    return str(uuid.UUID(int=(kind << 96) + number + 1, version=4))


def rfc3339(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


class Meter:
    """Its values count on with each reading."""

    def __init__(self, index, installation, codes):
        self.id = identify(1, index)
        self.number = f"1ISK{70000000 + index:010d}"
        self.installation = installation
        self.codes = CODES[:codes]
        self.readings = 0

    def json(self):
        return {"id": self.id, "number": self.number, "installation": {"id": self.installation}}

    def reading(self, time, numbers=None):
        """`numbers`: {code: value} instead of the next ones of its own."""
        if numbers is not None:
            units = dict(CODES)
            values = [{"obisCode": f"1-0:{code}", "value": value, "unit": units[code]}
                      for code, value in numbers.items()]
            return {"meter": self.json(), "time": rfc3339(time), "values": values}
        steps = {unit: self.readings if unit == "Wh" else self.readings % 20 for unit in STEP}
        values = [{"obisCode": f"1-0:{code}", "value": round(START[unit] + steps[unit] * STEP[unit], 3), "unit": unit}
                  for code, unit in self.codes]
        self.readings += 1
        return {"meter": self.json(), "time": rfc3339(time), "values": values}


class Household(Bridge):
    """Each installation has one meter and one device; the meters in use send from start() on."""

    def __init__(self, meters=1, codes=3, options=None, cadence=2):
        """`cadence`: seconds between two readings of a meter; None: only what the test sends."""
        super().__init__(meters, ["--no-household", "--control"], options)
        self.devices = 2 * meters + 1
        self.list = []
        for index in range(meters):
            installation = identify(2, index)
            self.list.append({"id": installation, "meters": [Meter(index, installation, codes)],
                              "device": identify(3, index), "linked": True})
        self.cadence = cadence
        self.sender = None
        self.ended = threading.Event()

    def prepare(self, broker, folder):
        super().prepare(broker, folder)
        self.publish_list()

    def start(self, broker, folder):
        super().start(broker, folder)
        if self.cadence is not None:
            self.begin_sending()

    def meter(self, index=0):
        """The one that is in use."""
        return self.list[index]["meters"][-1]

    def publish_list(self):
        """What the API lists from now on."""
        self.control("installations", installations=[self._installation(one) for one in self.list if one["linked"]])

    @staticmethod
    def _installation(one):
        core = {"connectionStatus": "connected", "attachmentStatus": "attached", "batteryLevel": 80,
                "powerStatus": "battery", "pinStatus": "entered"}
        device = {"id": one["device"], "bridge": {"connectionStatus": "connected"}, "core": core}
        meters = [meter.json() for meter in one["meters"]]
        return {"id": one["id"], "externalId": None, "meters": meters, "currentMeter": meters[-1],
                "devices": [device], "currentDevice": device}

    def replace_meter(self, index, number):
        """Another one in its place, numbered `number`; the list has both, as the API documents it."""
        one = self.list[index]
        one["meters"].append(Meter(number, one["id"], len(one["meters"][-1].codes)))
        self.publish_list()

    def set_linked(self, index, linked):
        self.list[index]["linked"] = linked
        self.publish_list()

    def send(self, installations):
        """One reading of each meter in use."""
        now = datetime.datetime.now(datetime.timezone.utc)
        readings = [one["meters"][-1].reading(now) for one in installations if one["linked"]]
        if readings:
            self.control("push", readings=readings)

    def send_values(self, numbers):
        """One reading of the first meter with these: {code: value}."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self.control("push", readings=[self.meter().reading(now, numbers)])

    def send_history(self, minutes):
        """What the API has received before: a reading a minute."""
        now = datetime.datetime.now(datetime.timezone.utc)
        for minute in range(minutes, 0, -1):
            time = now - datetime.timedelta(minutes=minute)
            readings = [one["meters"][-1].reading(time) for one in self.list]
            self.control("push", readings=readings, received=rfc3339(time))

    def begin_sending(self):
        """A reading of each meter in its cadence, until stop()."""
        self.sender = threading.Thread(target=self._go_on, daemon=True)
        self.sender.start()

    def _go_on(self):
        """The meters are not in step: each second of the cadence has its share of them."""
        second = 0
        while not self.ended.wait(1):
            second = (second + 1) % self.cadence
            self.send(self.list[second::self.cadence])

    def stop(self):
        self.ended.set()
        if self.sender is not None:
            self.sender.join(30)
        super().stop()
