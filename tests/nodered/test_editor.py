"""The files in the real editor, imported one after the other as a user does it; and the documents' picture of it."""

import json
import os
import pathlib

import flows
from harness.waiting import wait_for
from household import Household
from node_red import wait_for_subscriptions

READY = "typeof RED === 'object' && Boolean(RED.nodes?.getWorkspaceOrder().length)"
IMPORT = """(() => {
  RED.actions.invoke("core:show-import-dialog");
  $("#red-ui-clipboard-dialog-import-text").val(%s).trigger("keyup");
})()"""
# The button with that text in a dialog or notification, once it can be clicked.
CLICK = """(() => {
  const button = [...document.querySelectorAll("button")].find((one) =>
      one.innerText.trim() === "%s" && one.offsetParent && !one.disabled && !one.classList.contains("disabled"));
  if (button) button.click();
  return Boolean(button);
})()"""
INVALID = """(() => {
  const invalid = [];
  const look = (node) => { if (node.valid === false) invalid.push([node.id, node.validationErrors]); };
  RED.nodes.eachNode(look);
  RED.nodes.eachConfig(look);
  return invalid;
})()"""
BROKERS = "RED.nodes.createCompleteNodeSet().filter((node) => node.type === 'mqtt-broker')"


def click(tab, text):
    wait_for(lambda: tab.run(CLICK % text), f"a button {text!r}", 20, explain=tab.text)


def open_editor(node_red, tab):
    tab.open(node_red.url)
    wait_for(lambda: tab.run(READY), "the editor", 30)
    tab.run("$.fx.off = true")  # what fades away could still be clicked


def import_flow(tab, name, is_first):
    known = tab.run("RED.nodes.getWorkspaceOrder().length")
    tab.run(IMPORT % json.dumps(json.dumps(flows.read(name))))
    click(tab, "Import")
    if not is_first:
        click(tab, "Import copy")  # it is asked since the brokers are there already
    wait_for(lambda: tab.run("RED.nodes.getWorkspaceOrder().length") == known + 1, f"{name} in the editor", 20,
             explain=tab.text)


def test_all_flows_are_imported_and_share_their_brokers(node_red, tab):
    node_red.start()
    open_editor(node_red, tab)
    for name in flows.NAMES:
        import_flow(tab, name, is_first=name == flows.NAMES[0])
    assert tab.run(INVALID) == []
    assert sorted(one["id"] for one in tab.run(BROKERS)) == ["iometer-broker", "iometer-broker-session"]
    tab.run("RED.actions.invoke('core:deploy-flows')")
    wait_for((node_red.folder / "flows.json").exists, "deployed flows", 20)
    node_red.process.wait_for_log("Updated flows", 20)
    assert "Waiting for missing types" not in node_red.process.log()


def test_the_flows_are_connected(lab, node_red, influx, tab):
    home = Household(lab)
    node_red.start()
    node_red.deploy(flows.adapted(flows.NAMES, home.broker, INFLUX_URL=influx.write_url))
    wait_for_subscriptions(home.broker, ["iometer/meter/+/reading", "iometer/meter/+/state"])
    open_editor(node_red, tab)
    tab.run("RED.workspaces.show('iometer-daily-energy')")
    for register in ("9199.6002", "9199.7002", "9199.9302"):
        home.push(power="132", energy_import=register)
    tab.wait_for("Energy of the day", "Exact difference", "connected", "0.3300")
    if "IOMETER_PICTURES" in os.environ:
        tab.picture(pathlib.Path(os.environ["IOMETER_PICTURES"]) / "flows.png")
