"""What was sent: each reading once, however often the API sends it again. Every value of a meter's code is its own, so
that a value on a topic tells which reading it came from."""

import dataclasses
import json

from harness.readings import parse_time


@dataclasses.dataclass(frozen=True)
class Sent:
    reading: object  # harness.readings.Reading
    at: float  # monotonic, when the API got it

    def __str__(self):
        values = ", ".join(f"{value.code} {value.expected}" for value in self.reading.values)
        return f"{self.reading.meter.number} {self.reading.time_text} ({values})"


def key_of_reading(reading):
    return reading.meter.id, reading.time, frozenset((value.code, value.expected) for value in reading.values)


def key_of_payload(payload):
    """The same of a message on `reading`, decoded by decode()."""
    values = frozenset((value["obis"], value["value"]) for value in payload["values"].values())
    return payload["meter"]["id"], parse_time(payload["time"]), values


def decode(text):
    """JSON whose numbers stay as they are written."""
    return json.loads(text, parse_float=str, parse_int=str)


class Ledger:
    def __init__(self):
        self.entries = {}
        self.meters = []
        self._times = {}

    def add(self, reading, at):
        if reading.meter not in self.meters:
            self.meters.append(reading.meter)
        self.entries[key_of_reading(reading)] = Sent(reading, at)
        for value in reading.values:
            place = (reading.meter.id, value.code, value.expected)
            assert place not in self._times, f"{place} is there twice: it could not be told apart"
            self._times[place] = reading.time

    def time_of(self, meter_id, code, text):
        """When this value was taken; None where it never was."""
        return self._times.get((meter_id, code, text))

    def newest(self, meter):
        """{canonical code: expected text}"""
        newest = {}
        for sent in sorted((sent for sent in self.entries.values() if sent.reading.meter == meter),
                           key=lambda sent: sent.reading.time):
            newest.update({value.code: value.expected for value in sent.reading.values})
        return newest

    def newest_time(self, meter):
        return max(sent.reading.time for sent in self.entries.values() if sent.reading.meter == meter)
