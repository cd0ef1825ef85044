"""What the rules judge: everything that the recorder saw, in order, beside what was sent and what was done."""

import dataclasses
import functools

from .ledger import decode, key_of_payload


@dataclasses.dataclass(frozen=True)
class Seen:
    """A message on `reading`."""

    at: int  # its place among the messages
    time: float
    slug: str
    payload: dict
    sent: object  # ledger.Sent; None where nobody sent such a reading

    @property
    def id(self):
        return self.payload["id"]

    @property
    def resent(self):
        return self.payload.get("resent", False)

    @property
    def backfill(self):
        return self.payload["backfill"]


@dataclasses.dataclass
class Evidence:
    """broker_memory: ranges of messages that a broker said by itself after it came back, before the daemon could reach
    it; connections: when the daemon opened each of its connections to the broker; lives: when it was started."""

    messages: list
    ledger: object
    broker_memory: list = dataclasses.field(default_factory=list)
    connections: list = dataclasses.field(default_factory=list)
    lives: list = dataclasses.field(default_factory=list)

    @functools.cached_property
    def readings(self):
        found = []
        for at, message in enumerate(self.messages):
            parts = message.topic.split("/")
            if parts[:2] == ["iometer", "meter"] and parts[3:] == ["reading"]:
                payload = decode(message.text)
                sent = self.ledger.entries.get(key_of_payload(payload))
                found.append(Seen(at, message.time, parts[2], payload, sent))
        return found

    @functools.cached_property
    def meter_of(self):
        """{slug: meter id}"""
        return {seen.slug: seen.payload["meter"]["id"] for seen in self.readings}

    @functools.cached_property
    def code_of(self):
        """{(slug, key): canonical code}"""
        return {(seen.slug, key): value["obis"]
                for seen in self.readings for key, value in seen.payload["values"].items()}

    @functools.cached_property
    def said(self):
        """(place, message, parts of the topic below iometer/meter) of what the daemon said of its meters; what a
        broker remembered is no word of its."""
        remembered = {place for begin, end in self.broker_memory for place in range(begin, end)}
        return [(at, message, message.topic.split("/")[2:]) for at, message in enumerate(self.messages)
                if message.topic.startswith("iometer/meter/") and at not in remembered]
