"""The program as an add-on: options from the Supervisor's form, and the broker that the Supervisor names."""

import subprocess

import pytest
from harness import observed
from harness.programs import STOP_SECONDS, binary, command, environment
from harness.readings import Fleet
from harness.secrets import MQTT_PASSWORD, NEW_MQTT_PASSWORD
from harness.waiting import patience, wait_for

WATCHER = {"username": "watcher", "password": "sees-all"}
NO_BROKER = "Home Assistant has no MQTT broker"


def users(password):
    return {"addons": password, WATCHER["username"]: WATCHER["password"]}


def options_for(api, **mqtt):
    """As the form hands them on: what nobody filled in is an empty text or an empty list."""
    return {"partner": {"id": api.partner_id, "secret": api.secret, "url": api.url, "installations": []},
            "mqtt": {"url": "", "username": "", "password": "", "base_topic": "iometer"} | mqtt,
            "language": "en", "power_split": False, "log_level": ""}


def test_the_broker_comes_later_and_its_password_changes(lab):
    api, supervisor = lab.simulator(), lab.supervisor()
    broker = lab.broker(users=users(MQTT_PASSWORD))
    recorder = lab.recorder(broker, **WATCHER)
    addon = lab.addon(options_for(api), **supervisor.environment)
    addon.wait_for_log(f"{NO_BROKER}.*Mosquitto broker")
    assert "iometer2mqtt.yaml is not there: further options would be read from it" in addon.log()
    wait_for(lambda: len(supervisor.requests) >= 2, "second question for the broker")

    supervisor.name_broker(broker, "addons", MQTT_PASSWORD)
    recorder.wait_for_text(observed.BRIDGE_STATE, "online", 20)
    assert f"names the broker: {broker.url}" in addon.log()
    assert addon.log().count(NO_BROKER) == 1, "a broker that is missing is said once"
    asked = len(supervisor.requests)
    api.wait_for_subscription()
    fleet = Fleet(3)
    api.push(fleet.round())
    observed.wait_for_readings(recorder, 3)
    assert len(supervisor.requests) == asked, "whoever is connected asks nothing"
    assert set(supervisor.requests) == {"/services/mqtt"} and not supervisor.refused

    cleanup = command("cleanup", "--dry-run", **supervisor.environment, IOMETER2MQTT_PARTNER_ID=api.partner_id,
                      IOMETER2MQTT_PARTNER_SECRET=api.secret)
    assert cleanup.returncode == 0, cleanup.stderr

    broker.kill()
    broker.users = users(NEW_MQTT_PASSWORD)
    supervisor.name_broker(broker, "addons", NEW_MQTT_PASSWORD)
    before = recorder.position()
    broker.start()
    addon.wait_for_log("refused the login; Home Assistant's Supervisor is asked for the login again", 30)
    recorder.wait_until(lambda: any((message.topic, message.text) == (observed.BRIDGE_STATE, "online")
                                    for message in recorder.since(before)), "the bridge online again", 20)
    api.wait_for_subscription()
    seen = len(observed.readings(recorder))
    api.push(fleet.round())
    observed.wait_for_readings(recorder, seen + 3)
    assert addon.terminate()[0] == 0


@pytest.mark.parametrize("case", ["a broker", "a login"])
def test_what_the_user_sets_wins(lab, case):
    api, supervisor = lab.simulator(), lab.supervisor()
    broker = lab.broker(users=users(MQTT_PASSWORD))
    recorder = lab.recorder(broker, **WATCHER)
    supervisor.name_broker(broker, "nobody", "nothing")
    login = {"username": "addons", "password": MQTT_PASSWORD}
    url = broker.url if case == "a broker" else ""
    lab.addon(options_for(api, url=url, **login), **supervisor.environment)
    recorder.wait_for_text(observed.BRIDGE_STATE, "online", 20)
    assert len(supervisor.requests) == (0 if case == "a broker" else 1)
    api.wait_for_subscription()
    api.push(Fleet(1).round())
    observed.wait_for_readings(recorder, 1)


def test_a_supervisor_that_does_not_answer_holds_nothing_up(lab):
    api, supervisor = lab.simulator(), lab.supervisor()
    supervisor.hold.clear()
    addon = lab.addon(options_for(api), **supervisor.environment)
    wait_for(lambda: supervisor.requests, "question for the broker")
    code, seconds = addon.terminate()
    assert code == 0 and seconds < patience(STOP_SECONDS)


def test_a_wrong_token_is_said(lab):
    api, supervisor = lab.simulator(), lab.supervisor()
    addon = lab.addon(options_for(api), **supervisor.environment | {"SUPERVISOR_TOKEN": "another"})
    addon.wait_for_log("does not accept SUPERVISOR_TOKEN .HTTP 401.*start the add-on again")
    assert supervisor.refused and not supervisor.requests


CASES = {
    "no token": ("{}", {"IOMETER2MQTT_MQTT_SUPERVISOR": "http://supervisor"},
                 ["mqtt.supervisor", "SUPERVISOR_TOKEN", "mqtt.url"]),
    "an unknown key": ('{"mqtt": {"hots": "x"}}', {}, ["add-on options, key mqtt.hots", "base_topic"]),
    "a bad value": ('{"log_level": "loud"}', {}, ["log_level (add-on options)", "debug"]),
    "no JSON": ("mqtt: {url: x}", {}, ["add-on options", "JSON", "--options"]),
    "too much": ("{}" + " " * (1 << 20), {}, ["add-on options (standard input)", "1 MiB"]),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_names_key_and_remedy(case):
    text, changes, words = CASES[case]
    credentials = {"IOMETER2MQTT_PARTNER_ID": "a", "IOMETER2MQTT_PARTNER_SECRET": "b"}
    result = subprocess.run([binary(), "run", "--options", "-"], input=text, capture_output=True, text=True,
                            check=False, timeout=patience(20), env=environment(**credentials | changes))
    assert result.returncode == 2, result.stderr
    missing = [word for word in words if word not in result.stderr]
    assert not missing, f"{missing} not in: {result.stderr}"
    assert len(result.stderr.strip().splitlines()) == 1, "one error, one line"
