"""Subscribes to everything at a broker and remembers it in order; comes back by itself when the broker was away."""

import collections
import dataclasses
import itertools
import socket
import threading
import time

from . import mqtt_wire
from .waiting import patience, wait_for

_client_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Message:
    time: float  # monotonic
    topic: str
    text: str
    retain: bool
    qos: int
    correlation_data: bytes = b""


class Session:
    """One connection of the recorder; raises OSError when it ends."""

    def __init__(self, port, login, qos):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience(10))
        self.reader = mqtt_wire.Reader()
        self.early = []
        self.socket.sendall(mqtt_wire.connect(f"recorder-{next(_client_numbers)}", *login))
        self._expect(mqtt_wire.CONNACK)
        self.socket.sendall(mqtt_wire.subscribe(1, "#", qos))
        self._expect(mqtt_wire.SUBACK)
        self.socket.settimeout(None)

    def _expect(self, kind):
        while True:
            packets = self.receive()
            for index, packet in enumerate(packets):
                if packet.kind == kind:
                    reason = packet.body[1] if kind == mqtt_wire.CONNACK else packet.body[-1]
                    assert reason < 0x80, f"the broker refused the recorder with reason code {reason:#x}"
                    self.early = packets[index + 1:]
                    return
            assert not packets, f"{packets[0]} instead of packet {kind:#x}"

    def receive(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the broker ended the connection")
        return self.reader.feed(data)


class Recorder:
    """`qos=0` sees all messages in the order in which the broker got them; `qos=1` shows how each was published."""

    def __init__(self, port, username=None, password=None, qos=0):
        self.port = port
        self.login = (username, password)
        self.qos = qos
        self.messages = []
        self.by_topic = collections.defaultdict(list)
        self.connections = 0
        self.connected_at = []  # position() at the begin of each connection: what it retained follows
        self._session = None
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.wait_for_connection(1)

    def wait_for_connection(self, number):
        wait_for(lambda: self.connections >= number, f"connection {number} of the recorder", 20)

    def wait_until(self, predicate, what, seconds=10):
        """Returns the predicate's first true result; it is asked after each batch of messages."""
        deadline = time.monotonic() + patience(seconds)
        with self._changed:
            while True:
                result = predicate()
                if result:
                    return result
                left = deadline - time.monotonic()
                assert left > 0, f"within {patience(seconds):.0f} s MQTT did not show {what}"
                self._changed.wait(min(left, 1))

    def wait_for_text(self, topic, text, seconds=10):
        """The newest payload of the topic becomes `text`."""
        return self.wait_until(lambda: self.last(topic) == text, f"{text!r} on {topic}, but {self.last(topic)!r}",
                               seconds)

    def last(self, topic):
        found = self.by_topic.get(topic)
        return found[-1].text if found else None

    def texts(self, topic):
        return [message.text for message in list(self.by_topic.get(topic, ()))]

    def count(self, predicate):
        return sum(1 for message in list(self.messages) if predicate(message))

    def position(self):
        """A mark for since()."""
        return len(self.messages)

    def since(self, position):
        return self.messages[position:]

    def publish(self, topic, text, retain=False, **request):
        """`request`: response_topic and correlation_data (MQTT 5)."""
        self._session.socket.sendall(mqtt_wire.publish(topic, text.encode(), retain, **request))

    def close(self):
        self._stopped = True
        if self._session is not None:
            try:
                self._session.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join(patience(10))

    def _run(self):
        while not self._stopped:
            try:
                self._session = Session(self.port, self.login, self.qos)
                self.connected_at.append(len(self.messages))
                self.connections += 1
                self._keep(self._session.early)
                while not self._stopped:
                    self._keep(self._session.receive())
            except OSError:
                time.sleep(0.05)

    def _keep(self, packets):
        acknowledgements = b""
        with self._changed:
            now = time.monotonic()
            for packet in packets:
                if packet.kind != mqtt_wire.PUBLISH:
                    continue
                publication = mqtt_wire.read_publication(packet)
                if publication.qos:
                    acknowledgements += mqtt_wire.puback(publication.packet_id)
                message = Message(now, publication.topic, publication.payload.decode(errors="replace"),
                                  publication.retain, publication.qos, publication.correlation_data)
                self.messages.append(message)
                self.by_topic[message.topic].append(message)
            self._changed.notify_all()
        if acknowledgements:
            self._session.socket.sendall(acknowledgements)


def retained(port, username=None, password=None):
    """What the broker retains now: {topic: text}."""
    session = Session(port, (username, password), 0)
    marker = f"recorder/end/{next(_client_numbers)}"
    session.socket.settimeout(patience(10))
    session.socket.sendall(mqtt_wire.publish(marker, b""))
    found, packets = {}, session.early
    while True:
        for packet in packets:
            publication = mqtt_wire.read_publication(packet)
            if publication.topic == marker:
                session.socket.close()
                return found
            if publication.retain:
                found[publication.topic] = publication.payload.decode(errors="replace")
        packets = session.receive()
