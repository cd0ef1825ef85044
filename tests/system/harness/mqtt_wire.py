"""As much of MQTT 5 as a test's subscriber needs, fast enough for 100,000 messages in a few seconds.

Made for the tests because it must see what a library hides (the publisher's own retain flag, the quality of service
of each message) and must not be the slowest part of a throughput test.
"""

import dataclasses
import struct

CONNACK, PUBLISH, PUBACK, SUBACK = 0x20, 0x30, 0x40, 0x90
RETAIN_AS_PUBLISHED = 0x08
RESPONSE_TOPIC, CORRELATION_DATA = 0x08, 0x09


@dataclasses.dataclass(frozen=True)
class Packet:
    kind: int
    flags: int
    body: bytes


@dataclasses.dataclass(frozen=True)
class Publication:
    topic: str
    payload: bytes
    qos: int
    retain: bool
    duplicate: bool
    packet_id: int
    correlation_data: bytes = b""


def _length(number):
    encoded = bytearray()
    while True:
        number, low = divmod(number, 128)
        encoded.append(low | (0x80 if number else 0))
        if not number:
            return bytes(encoded)


def _text(text):
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _packet(first, body):
    return bytes([first]) + _length(len(body)) + body


def connect(client_id, username=None, password=None):
    flags = 0x02 | (0x80 if username else 0) | (0x40 if password else 0)
    body = _text("MQTT") + bytes([5, flags, 0, 0]) + b"\0" + _text(client_id)
    for text in (username, password):
        if text:
            body += _text(text)
    return _packet(0x10, body)


def subscribe(packet_id, topic_filter, qos):
    options = bytes([qos | RETAIN_AS_PUBLISHED])
    return _packet(0x82, struct.pack(">H", packet_id) + b"\0" + _text(topic_filter) + options)


def publish(topic, payload, retain=False, qos=0, packet_id=0, response_topic="", correlation_data=b""):
    properties = b""
    if response_topic:
        properties += bytes([RESPONSE_TOPIC]) + _text(response_topic)
    if correlation_data:
        properties += bytes([CORRELATION_DATA]) + struct.pack(">H", len(correlation_data)) + correlation_data
    identifier = struct.pack(">H", packet_id) if qos else b""
    body = _text(topic) + identifier + _length(len(properties)) + properties + payload
    return _packet(PUBLISH | qos << 1 | retain, body)


def puback(packet_id):
    return struct.pack(">BBH", PUBACK, 2, packet_id)


class Reader:
    """Cuts the byte stream into packets."""

    def __init__(self):
        self._rest = b""

    def feed(self, data):
        buffer = self._rest + data
        start, packets = 0, []
        while True:
            header = self._header(buffer, start)
            if header is None or header[0] + header[1] > len(buffer):
                break
            begin, length = header
            packets.append(Packet(buffer[start] & 0xF0, buffer[start] & 0x0F, buffer[begin:begin + length]))
            start = begin + length
        self._rest = buffer[start:]
        return packets

    @staticmethod
    def _header(buffer, start):
        """(where the body begins, its length), or None while the header is incomplete"""
        length, shift, at = 0, 0, start + 1
        while at < len(buffer):
            byte = buffer[at]
            length |= (byte & 0x7F) << shift
            shift += 7
            at += 1
            if byte < 0x80:
                return at, length
        return None


def read_publication(packet):
    qos = packet.flags >> 1 & 3
    body = packet.body
    topic_end = 2 + struct.unpack_from(">H", body)[0]
    topic = body[2:topic_end].decode()
    at, packet_id = topic_end, 0
    if qos:
        packet_id = struct.unpack_from(">H", body, at)[0]
        at += 2
    properties, shift = 0, 0
    while True:
        byte = body[at]
        properties |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    end = at + properties
    correlation_data = _correlation_data(body[at:end]) if properties else b""
    return Publication(topic, body[end:], qos, bool(packet.flags & 1), bool(packet.flags & 8), packet_id,
                       correlation_data)


def _correlation_data(properties):
    """Requests and their answers have no other properties than these two."""
    found, at = {RESPONSE_TOPIC: b"", CORRELATION_DATA: b""}, 0
    while at < len(properties):
        identifier, length = struct.unpack_from(">BH", properties, at)
        assert identifier in found, f"unexpected property {identifier:#x}"
        found[identifier] = properties[at + 3:at + 3 + length]
        at += 3 + length
    return found[CORRELATION_DATA]
