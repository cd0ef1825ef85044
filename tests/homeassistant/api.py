"""What the tests ask Home Assistant Core: the first user through the onboarding, then its WebSocket API."""

import json
import urllib.parse
import urllib.request

import websocket


def _post(url, body, content_type):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


class Api:
    """The token outlives a restart of Core; connect() again after one."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"
        self.token = None
        self.socket = None
        self.last_id = 0

    def onboard(self):
        client = self.base + "/"
        user = {"name": "Test", "username": "test", "password": "test-password", "client_id": client, "language": "en"}
        code = _post(self.base + "/api/onboarding/users", json.dumps(user).encode(), "application/json")["auth_code"]
        form = urllib.parse.urlencode({"grant_type": "authorization_code", "code": code, "client_id": client})
        answer = _post(self.base + "/auth/token", form.encode(), "application/x-www-form-urlencoded")
        self.token = answer["access_token"]

    def connect(self):
        self.close()
        self.socket = websocket.create_connection(self.base.replace("http", "ws", 1) + "/api/websocket", timeout=30)
        self.last_id = 0
        json.loads(self.socket.recv())  # auth_required
        self.socket.send(json.dumps({"type": "auth", "access_token": self.token}))
        answer = json.loads(self.socket.recv())
        if answer["type"] != "auth_ok":
            raise RuntimeError(f"Core refused the token: {answer}")
        return answer["ha_version"]

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def ask(self, kind, **arguments):
        self.last_id += 1
        self.socket.send(json.dumps({"id": self.last_id, "type": kind, **arguments}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.last_id and answer["type"] == "result":
                break
        if not answer["success"]:
            raise RuntimeError(f"{kind}: {answer['error']}")
        return answer["result"]

    def entities(self):
        """The registry's MQTT entities by (domain, unique id)."""
        found = {}
        for entity in self.ask("config/entity_registry/list"):
            if entity["platform"] == "mqtt":
                found[(entity["entity_id"].split(".")[0], entity["unique_id"])] = entity
        return found

    def devices(self):
        return {device["id"]: device for device in self.ask("config/device_registry/list")}

    def states(self):
        return {state["entity_id"]: state for state in self.ask("get_states")}
