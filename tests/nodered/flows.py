"""The example flows as a user imports and adapts them: the broker's address, and a group's environment."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "config" / "node-red"
NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))


def read(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def adapted(names, broker, **environment):
    """The nodes of these flows, what they share once. `environment` replaces values of the groups' environments; a
    credential becomes one of its group."""
    nodes = {node["id"]: node for name in names for node in read(name)}
    for node in nodes.values():
        if node["type"] == "mqtt-broker":
            node |= {"broker": "127.0.0.1", "port": str(broker.port)}
        if node["type"] == "group":
            for one in node["env"]:
                one["value"] = environment.get(one["name"], one["value"])
            secrets = {one["name"]: one.pop("value") for one in node["env"] if one["type"] == "cred"}
            if secrets:
                node["credentials"] = secrets
    return list(nodes.values())
