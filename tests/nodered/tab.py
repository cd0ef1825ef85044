"""A tab of a Chromium without a screen, led by the DevTools protocol: for pages that never finish loading, as those of
Node-RED with their open sockets."""

import base64
import itertools
import json
import re
import urllib.request

import websocket
from harness.process import Process
from harness.programs import environment
from harness.waiting import patience, wait_for

PAGES = re.compile(r"DevTools listening on ws://(127\.0\.0\.1:\d+)/")


class Tab:
    def __init__(self, folder, size=(1500, 740)):
        folder.mkdir(parents=True, exist_ok=True)
        arguments = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                     "--no-first-run", "--hide-scrollbars", f"--window-size={size[0]},{size[1]}",
                     f"--user-data-dir={folder / 'profile'}", "--remote-debugging-port=0", "about:blank"]
        self.process = Process("Chromium", arguments, folder / "chromium.log", environment())
        address = self.process.wait_for_log(PAGES.pattern, 30).group(1)
        self._numbers = itertools.count(1)
        self._socket = websocket.create_connection(self._page(address), timeout=patience(30), suppress_origin=True)

    def open(self, url):
        self._call("Page.navigate", url=url)

    def run(self, script):
        """The value of an expression in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def text(self):
        return self.run("document.body ? document.body.innerText : ''")

    def wait_for(self, *parts, without=(), seconds=30):
        """Until the page shows these texts, and not those."""
        def right():
            text = self.text()
            return all(part in text for part in parts) and not any(part in text for part in without)

        wait_for(right, f"{parts} without {without} in the page", seconds, explain=self.text)

    def picture(self, file):
        file.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self._socket.close()
        self.process.terminate()

    def _page(self, address):
        with urllib.request.urlopen(f"http://{address}/json", timeout=patience(10)) as answer:
            return next(one["webSocketDebuggerUrl"] for one in json.load(answer) if one["type"] == "page")

    def _call(self, method, **parameters):
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
