"""A real InfluxDB, and in front of it the write interface of version 2.

Debian has version 1.6; from 1.8 on InfluxDB itself maps a bucket to a database in this way.
"""

import gzip
import http.server
import json
import os
import pathlib
import threading
import urllib.error
import urllib.parse
import urllib.request

from harness.ports import free_port
from harness.process import Process
from harness.programs import environment
from harness.waiting import patience, wait_for

CONFIGURATION = """
bind-address = "127.0.0.1:{rpc}"
reporting-disabled = true
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{port}"
[monitor]
  store-enabled = false
"""


class Influx:
    """`away` makes the write interface answer 503; `tokens` are the Authorization headers that it was given."""

    def __init__(self, folder, bucket="iometer"):
        folder.mkdir()
        self.bucket, self.port = bucket, free_port()
        self.away, self.tokens, self.refused = False, set(), 0
        file = folder / "influxdb.conf"
        file.write_text(CONFIGURATION.format(folder=folder, port=self.port, rpc=free_port()))
        program = pathlib.Path(os.environ["IOMETER_NODE_RED"]) / "influxdb/usr/bin/influxd"
        self.process = Process("InfluxDB", [program, "-config", file], folder / "influxd.log", environment())
        wait_for(self._answers, "InfluxDB", 30)
        self._ask("POST", "/query", {"q": f"CREATE DATABASE {bucket}"})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def write_url(self):
        return f"{self.url}/api/v2/write?org=home&bucket={self.bucket}&precision=ms"

    def points(self, meter):
        """{(time in milliseconds, field): value text} of everything stored for a meter's part of the topics."""
        # The JSON is read with its digits as they stand there.
        answer = json.loads(self._ask("GET", "/query", {
            "db": self.bucket, "epoch": "ms", "q": f"SELECT * FROM electricity WHERE meter = '{meter}'"}),
            parse_float=str, parse_int=str)
        found = {}
        for series in answer["results"][0].get("series", []):
            for row in series["values"]:
                named = dict(zip(series["columns"], row))
                time = int(named.pop("time"))
                named.pop("meter")
                found |= {(time, name): text for name, text in named.items() if text is not None}
        return found

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self.process.kill()

    def _answers(self):
        assert self.process.is_running(), self.process.log()
        try:
            return self._ask("GET", "/ping", {}) is not None
        except OSError:
            return False

    def _ask(self, method, path, query, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}", body,
                                         method=method)
        with urllib.request.urlopen(request, timeout=patience(10)) as answer:
            return answer.read()

    def _write(self, path, headers, body):
        """Status and text of an answer."""
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path != "/api/v2/write" or query.get("bucket") != self.bucket or "org" not in query:
            return 404, b"not found"
        if self.away:
            self.refused += 1
            return 503, b"away"
        self.tokens.add(headers.get("Authorization"))
        precision = {"ns": "n", "us": "u"}.get(query.get("precision", "ns"), query.get("precision", "n"))
        try:
            self._ask("POST", "/write", {"db": self.bucket, "precision": precision}, body)
            return 204, b""
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def _handler(self):
        influx = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self._body()
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                status, text = influx._write(self.path, self.headers, body)
                self.send_response(status)
                if text:
                    self.send_header("Content-Length", str(len(text)))
                elif status != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()
                self.wfile.write(text)

            def _body(self):
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers["Content-Length"]))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_):
                pass

        return Handler
