"""What each file of an example flow must be, so that it can be imported, read and shared."""

import json

import flows
import pytest

CONFIGURATION = ("mqtt-broker", "ui-base", "ui-theme", "ui-page", "ui-group")
SESSION = {"clientid": "node-red-iometer", "cleansession": False, "autoUnsubscribe": False, "protocolVersion": "5",
           "sessionExpiry": "86400"}
PLAIN = {"clientid": "", "cleansession": True, "autoUnsubscribe": True, "protocolVersion": "4", "sessionExpiry": ""}


@pytest.fixture(params=flows.NAMES)
def nodes(request):
    return flows.read(request.param)


def of_type(nodes, kind):
    return [node for node in nodes if node["type"] == kind]


def test_there_is_one_file_for_each_example():
    assert flows.NAMES == ["daily-energy", "influxdb", "link-account", "live-values", "power-alarm"]


def test_a_tab_with_a_group_and_words(nodes):
    (tab,), (group,) = of_type(nodes, "tab"), of_type(nodes, "group")
    assert tab["label"] and len(tab["info"]) > 40
    (comment,) = of_type(nodes, "comment")
    assert "Broker" in comment["info"] or "broker" in comment["info"]
    inside = [node for node in nodes if node["type"] not in ("tab", "group", *CONFIGURATION)]
    assert all(node["z"] == tab["id"] and node["g"] == group["id"] for node in inside)
    assert sorted(group["nodes"]) == sorted(node["id"] for node in inside)


def test_everything_is_wired_and_named_once(nodes):
    ids = [node["id"] for node in nodes]
    assert len(set(ids)) == len(ids)
    targets = {target for node in nodes for output in node.get("wires", []) for target in output}
    assert targets <= set(ids)
    sources = {node["id"] for node in nodes if node["type"] in ("mqtt in", "inject", "comment")}
    assert {node["id"] for node in nodes if "wires" in node} - sources == targets
    brokers = {node["broker"] for node in nodes if node["type"] in ("mqtt in", "mqtt out")}
    assert brokers == {node["id"] for node in of_type(nodes, "mqtt-broker")}


def test_the_broker_is_this_machines_and_nothing_is_secret(nodes):
    for broker in of_type(nodes, "mqtt-broker"):
        assert (broker["broker"], broker["port"], broker["usetls"]) == ("localhost", "1883", False)
        expected = SESSION if broker["id"] == "iometer-broker-session" else PLAIN
        assert {key: broker[key] for key in expected} == expected
    assert not [node["id"] for node in nodes if "credentials" in node]
    for group in of_type(nodes, "group"):
        assert all(one["type"] != "cred" or one["value"] == "" for one in group["env"])


def test_functions_are_short(nodes):
    for function in of_type(nodes, "function"):
        lines = function["func"].splitlines()
        assert len(lines) <= 25 and max(map(len, lines)) <= 120, function["id"]


def test_what_files_share_is_the_same_in_all_of_them():
    shared = {}
    for name in flows.NAMES:
        for node in flows.read(name):
            assert shared.setdefault(node["id"], node) == node, f"{name}: {node['id']}"


@pytest.mark.parametrize("name", flows.NAMES)
def test_the_form_is_that_of_the_editors_export(name):
    text = (flows.FOLDER / f"{name}.json").read_text()
    assert text == json.dumps(json.loads(text), indent=4, ensure_ascii=False) + "\n"
