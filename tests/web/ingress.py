"""A proxy that shows a server below a path of its own, as Home Assistant's ingress does."""

import http.server
import threading
import urllib.error
import urllib.request

PREFIX = "/api/hassio_ingress/AbC123/"


class Ingress:
    """`url` is where the page is. `left` says how many answers of `status` still come through, as of a program that will
    hang; None is all."""

    def __init__(self, port):
        self.target = f"http://127.0.0.1:{port}/"
        self.left = None
        self.outside = []  # paths that were asked for beside the prefix
        ingress = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                ingress.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{PREFIX}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        if not request.path.startswith(PREFIX):
            self.outside.append(request.path)
            return request.send_error(404)
        path = request.path[len(PREFIX):]
        if path == "status" and self.left is not None:
            if self.left == 0:
                return request.send_error(502)
            self.left -= 1
        try:
            response = urllib.request.urlopen(self.target + path, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            body = response.read()
            request.send_response(response.status)
            for name, text in response.headers.items():
                if name.lower() not in ("connection", "content-length"):
                    request.send_header(name, text)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
