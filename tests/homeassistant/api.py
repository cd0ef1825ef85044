"""What the tests ask Home Assistant Core: the first user through the onboarding, then its WebSocket API."""

import json
import urllib.parse
import urllib.request

import websocket


def _post(url, body, content_type, token=None):
    headers = {"Content-Type": content_type} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, data=body, headers=headers)
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

    def use_long_token(self):
        """One for tests in which Core's clock runs ahead of the time that the first one is good for."""
        self.token = self.ask("auth/long_lived_access_token", client_name="tests", lifespan=365)

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

    def reload_mqtt(self):
        """As the user's "Reload" of the MQTT integration."""
        entry = next(one["entry_id"] for one in self.ask("config_entries/get") if one["domain"] == "mqtt")
        _post(f"{self.base}/api/config/config_entries/entry/{entry}/reload", b"{}", "application/json", self.token)

    def remove_device(self, device):
        """As the user's "Delete" on the page of a device."""
        for entry in device["config_entries"]:
            self.ask("config/device_registry/remove_config_entry", device_id=device["id"], config_entry_id=entry)

    def history(self, entity_ids, since, until):
        """{entity id: states} that the recorder has of that time."""
        return self.ask("history/history_during_period", start_time=since.isoformat(), end_time=until.isoformat(),
                        entity_ids=list(entity_ids), minimal_response=True, no_attributes=True,
                        significant_changes_only=False)
