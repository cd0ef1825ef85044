"""Home Assistant's Supervisor as far as an add-on asks it for the broker: GET /services/mqtt with its token."""

import http.server
import json
import threading

from .secrets import SUPERVISOR_TOKEN

NOT_ENABLED = (400, {"result": "error", "message": "Service not enabled"})


class Supervisor:
    """Knows no broker until name_broker(). `requests` are the paths that were asked for with the right token, `refused`
    those without it; `hold` keeps the answers back while it is not set."""

    def __init__(self):
        self.answer = NOT_ENABLED
        self.requests = []
        self.refused = []
        self.hold = threading.Event()
        self.hold.set()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self):
        """What an add-on's container has."""
        return {"IOMETER2MQTT_MQTT_SUPERVISOR": self.url, "SUPERVISOR_TOKEN": SUPERVISOR_TOKEN}

    def name_broker(self, broker, username=None, password=None):
        data = {"addon": "core_mosquitto", "host": "127.0.0.1", "port": broker.port, "ssl": False,
                "username": username, "password": password, "protocol": "3.1.1"}
        self.answer = (200, {"result": "ok", "data": data})

    def stop(self):
        self.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self):
        supervisor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                allowed = self.headers["Authorization"] == f"Bearer {SUPERVISOR_TOKEN}"
                (supervisor.requests if allowed else supervisor.refused).append(self.path)
                supervisor.hold.wait()
                status, body = supervisor.answer if allowed else (401, {"result": "error", "message": "unauthorized"})
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        return Handler
