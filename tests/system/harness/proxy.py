"""A TCP proxy that can fail as networks do: late, stalled, cut, reset. Two threads a connection, one each way, so that
back-pressure passes through as it would without the proxy."""

import socket
import struct
import threading
import time

from . import mqtt_wire
from .ports import free_port

CHUNK = 1 << 16


class Tap:
    """The WebSocket frames that a client sent, unmasked."""

    CLOSE = 8

    def __init__(self):
        self.frames = []  # (opcode, payload)
        self._buffer = b""
        self._upgraded = False
        self._ignored = False  # no WebSocket

    def feed(self, data):
        if self._ignored:
            return
        self._buffer += data
        if not self._upgraded:
            self._ignored = not self._buffer.startswith(b"GET ")
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._upgraded = b"upgrade: websocket" in self._buffer[:end].lower()
            self._buffer = self._buffer[end + 4:] if self._upgraded else b""
        while self._upgraded and len(self._buffer) >= 2:
            length, at = self._buffer[1] & 0x7F, 2
            if length >= 126:
                size = 2 if length == 126 else 8
                if len(self._buffer) < at + size:
                    return
                length = int.from_bytes(self._buffer[at:at + size], "big")
                at += size
            mask, at = self._buffer[at:at + 4], at + 4
            if len(self._buffer) < at + length:
                return
            payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self._buffer[at:at + length]))
            self.frames.append((self._buffer[0] & 0x0F, payload))
            self._buffer = self._buffer[at + length:]


class MqttTap:
    """The topics that a client published to."""

    def __init__(self):
        self.topics = set()
        self._reader = mqtt_wire.Reader()

    def feed(self, data):
        for packet in self._reader.feed(data):
            if packet.kind == mqtt_wire.PUBLISH:
                length = int.from_bytes(packet.body[:2], "big")
                self.topics.add(packet.body[2:2 + length].decode())


class Connection:
    """`ended_by`: "client", "server" or "test" once it is over; client_heard is when the client last sent something.
    frozen = True: both ends hear nothing any more, and neither is told: what a router does that has forgotten it."""

    def __init__(self, client, server, tap):
        self.client = client
        self.server = server
        self.tap = tap
        self.ended_by = None
        self.frozen = False
        self.opened = time.monotonic()
        self.client_heard = time.monotonic()
        self._lock = threading.Lock()
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_open(self):
        return self.ended_by is None

    def end(self, by, reset=False):
        with self._lock:
            if self.ended_by:
                return
            self.ended_by = by
        for end in (self.client, self.server):
            try:
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Wakes the thread that reads it, which would keep the socket open.
                end.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


class Proxy:
    """Listens at `port` and passes everything on to `target_port`.

    stalled = True: nothing is read any more, from either side; new connections are accepted and left alone.
    latency: seconds that each chunk is held back. `tap` makes what reads along what each client sends.
    """

    def __init__(self, target_port, tap=Tap):
        self.tap = tap
        self.target_port = target_port
        self.port = free_port()
        self.connections = []
        self.stalled = False
        self.latency = 0.0
        self._listener = None
        self.accept()

    def accept(self):
        """Takes connections, also again after refuse()."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept_all, args=(self._listener,), daemon=True).start()

    def refuse(self):
        """Connection refused from now on; what is open stays open."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def cut(self, reset=False):
        """Ends all connections, with FIN or with RST."""
        for connection in self.open():
            connection.end("test", reset)

    def freeze(self):
        """All that are open now go no further; new ones work."""
        for connection in self.open():
            connection.frozen = True

    def open(self):
        return [connection for connection in list(self.connections) if connection.is_open]

    def stop(self):
        self.refuse()
        self.cut()

    def _accept_all(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            connection = Connection(client, server, self.tap())
            self.connections.append(connection)
            for way in (("client", client, server), ("server", server, client)):
                threading.Thread(target=self._pass, args=(connection, *way), daemon=True).start()

    def _pass(self, connection, side, source, target):
        try:
            while True:
                self._wait_while_stalled(connection)
                data = source.recv(CHUNK)
                if not data:
                    break
                self._wait_while_stalled(connection)
                if side == "client":
                    connection.client_heard = time.monotonic()
                    connection.tap.feed(data)
                if self.latency:
                    time.sleep(self.latency)
                target.sendall(data)
        except OSError:
            pass
        connection.end(side)

    def _wait_while_stalled(self, connection):
        while (self.stalled or connection.frozen) and connection.is_open:
            time.sleep(0.2 if connection.frozen else 0.01)
