"""A TCP server that speaks no protocol well: it hangs up at once, or sends a byte now and then and never ends."""

import socket
import socketserver
import struct
import threading


def hang_up(connection, _stopped):
    """By a reset: whoever writes next gets EPIPE or ECONNRESET."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(beginning):
    """That beginning, again and again, a byte each fifth of a second: no patience for silence ever ends."""
    def behave(connection, stopped):
        position = 0
        while not stopped.wait(0.2):
            connection.sendall(beginning[position % len(beginning):][:1])
            position += 1
    return behave


class RudeServer:
    def __init__(self, behave):
        self.connections = 0
        self._stopped = threading.Event()
        rude = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                rude.connections += 1
                try:
                    behave(self.request, rude._stopped)
                except OSError:
                    pass  # the other side has gone

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self):
        return self._server.server_address[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
