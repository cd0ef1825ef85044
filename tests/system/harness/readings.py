"""Readings to push: reproducible meters whose every value is known to the digit."""

import dataclasses
import datetime
import json
import random
import uuid

from .values import as_gqlgen, expected_text

# (C, D, E), unit; a meter sends the first 6 to 12 of them.
CODES = [((1, 8, 0), "Wh"), ((2, 8, 0), "Wh"), ((16, 7, 0), "W"), ((1, 8, 1), "Wh"), ((1, 8, 2), "Wh"),
         ((36, 7, 0), "W"), ((56, 7, 0), "W"), ((76, 7, 0), "W"), ((32, 7, 0), "V"), ((31, 7, 0), "A"),
         ((14, 7, 0), "Hz"), ((13, 7, 0), "")]

OBIS_FORMS = {
    "decimal": "1-0:{}.{}.{}".format,
    "short": "{}.{}.{}".format,
    "full": "1-0:{}.{}.{}*255".format,
    "hex": "01-00:{:02x}.{:02x}.{:02x}*ff".format,
    "hex, upper case": "01-00:{:02X}.{:02X}.{:02X}*FF".format,
    "bytes": "0100{:02X}{:02X}{:02X}FF".format,
}


@dataclasses.dataclass(frozen=True)
class Meter:
    id: str
    number: str
    installation: str

    def json(self):
        return json.dumps({"id": self.id, "installation": {"id": self.installation}, "number": self.number})


@dataclasses.dataclass(frozen=True)
class Value:
    """`code` is canonical (1-0:1.8.0), `obis` as the API writes it, `token` the number as it stands in the JSON."""

    code: str
    obis: str
    token: str
    unit: str

    @property
    def expected(self):
        return expected_text(self.token, self.unit)

    def json(self):
        return f'{{"obisCode": {json.dumps(self.obis)}, "value": {self.token}, "unit": {json.dumps(self.unit)}}}'


@dataclasses.dataclass(frozen=True)
class Reading:
    meter: Meter
    time: datetime.datetime
    values: tuple

    @property
    def time_text(self):
        return rfc3339(self.time)

    def json(self):
        values = ", ".join(value.json() for value in self.values)
        return f'{{"meter": {self.meter.json()}, "time": "{self.time_text}", "values": [{values}]}}'


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def ago(**duration):
    return now() - datetime.timedelta(**duration)


def rfc3339(time):
    text = time.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{time.microsecond // 1000:03d}Z" if time.microsecond else f"{text}Z"


def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def make_meter(seed, number=None):
    source = random.Random(seed)
    identify = lambda: str(uuid.UUID(int=source.getrandbits(128), version=4))
    return Meter(identify(), number or f"1EMH{source.randrange(10**10):010d}", identify())


def value(code, token, unit, form="decimal"):
    """value((1, 8, 0), "12.5", "Wh")"""
    return Value("1-0:{}.{}.{}".format(*code), OBIS_FORMS[form](*code), token, unit)


def reading(meter, time, *values):
    return Reading(meter, time.replace(microsecond=time.microsecond // 1000 * 1000), tuple(values))


class Fleet:
    """Meters that count on: next_reading() gives each meter's next reading, later than its last one."""

    def __init__(self, count, seed=1, write=as_gqlgen):
        self.random = random.Random(seed)
        self.write = write
        self.meters = [make_meter(seed * 100_000 + index) for index in range(count)]
        self.sent = {meter.id: [] for meter in self.meters}
        self._counters = {}

    def next_reading(self, index, time=None):
        meter = self.meters[index]
        time = time or now()
        if self.sent[meter.id]:
            time = max(time, self.sent[meter.id][-1].time + datetime.timedelta(milliseconds=1))
        form = list(OBIS_FORMS)[index % len(OBIS_FORMS)]
        values = [value(code, self.write(self._number(meter, code, unit)), unit, form)
                  for code, unit in CODES[:6 + index % 7]]
        made = reading(meter, time, *values)
        self.sent[meter.id].append(made)
        return made

    def round(self, time=None):
        """One reading of each meter."""
        return [self.next_reading(index, time) for index in range(len(self.meters))]

    def all_sent(self):
        return [one for sent in self.sent.values() for one in sent]

    def newest(self, meter):
        """{canonical code: expected text} after everything that was sent."""
        newest = {}
        for one in sorted(self.sent[meter.id], key=lambda one: one.time):
            newest.update({value.code: value.expected for value in one.values})
        return newest

    def _number(self, meter, code, unit):
        if unit == "Wh":
            start = self.random.randrange(10**4, 10**9)
            tenths = self._counters.get((meter.id, code), start) + self.random.randrange(1, 500)
            self._counters[meter.id, code] = tenths
            return f"{tenths // 10}.{tenths % 10}"
        if unit == "W":
            return f"{self.random.randrange(-9999, 25000)}.{self.random.randrange(10)}"
        if unit == "V":
            return f"{self.random.randrange(2200, 2400) / 10:.1f}"
        if unit == "A":
            return f"{self.random.randrange(1, 40000) / 1000:.3f}"
        return f"{self.random.randrange(1, 1000) / 1000:.3f}" if unit == "" else f"49.{self.random.randrange(900, 999)}"
