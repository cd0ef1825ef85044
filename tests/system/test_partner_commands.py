"""The commands that look at what the Partner API has: check --api, installations and readings."""

import json
import re

import pytest
from harness.partner_commands import HOUSEHOLD, UNKNOWN, ask, background, listed, settings
from harness.ports import free_port
from harness.programs import command
from harness.readings import Fleet, ago, make_meter, now, reading, rfc3339, value
from harness.secrets import WRONG_SECRET
from harness.waiting import SCALE, patience, wait_for


@pytest.fixture
def api(lab):
    return lab.simulator(household=HOUSEHOLD)


# check

def test_check_says_who_we_are_and_how_the_clocks_are(api):
    result = ask(api, "check", "--api")
    assert result.returncode == 0, result.stderr
    assert api.partner_id in result.stdout and "accepted" in result.stdout and "right to" in result.stdout
    assert re.search(r"(?m)^subscription +ok +graphql-transport-ws$", result.stdout)


def test_check_names_the_transport_that_works_or_why_none_does(lab):
    api = lab.simulator(household=[*HOUSEHOLD, "--transports", "sse"])
    result = ask(api, "check", "--api")
    assert result.returncode == 0 and re.search(r"(?m)^subscription +ok +sse$", result.stdout), result
    result = ask(api, "check", "--api", "--partner-transport", "graphql-ws")
    assert result.returncode == 15 and re.search(r"(?m)^subscription +failed ", result.stdout), result


def test_check_says_nothing_of_the_clock_of_a_server_that_does_not_answer():
    result = command("check", "--api", IOMETER2MQTT_PARTNER_URL=f"http://127.0.0.1:{free_port()}/",
                     IOMETER2MQTT_PARTNER_ID="me", IOMETER2MQTT_PARTNER_SECRET="secret")
    assert result.returncode == 11 and "clock" not in result.stdout


@pytest.mark.parametrize("name", ["installations", "readings", "link", "unlink"])
def test_a_wrong_secret_ends_each_command_at_once(api, name):
    arguments = [name, UNKNOWN, "--yes"] if name == "unlink" else [name]
    result = ask(api, *arguments, secret=WRONG_SECRET)
    assert result.returncode == 1
    assert "check partner.id, partner.secret and partner.auth" in result.stderr


@pytest.mark.parametrize("name", ["check", "installations", "readings", "link", "unlink"])
def test_they_need_credentials_and_nothing_of_mqtt(name, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("mqtt: {url: 'nonsense'}\n")
    more = {"unlink": [UNKNOWN], "check": ["--api"]}.get(name, [])
    result = command(name, "--config", file, *more)
    assert result.returncode == 2
    assert "partner.id" in result.stderr and "mqtt.url" not in result.stderr


def test_check_api_tells_what_the_documentation_leaves_open(api):
    result = ask(api, "check", "--api")
    assert result.returncode == 0, result.stderr
    for name, text in [("introspection", "allowed"), ("paging", r"installations\(pagination: \{limit: 100, offset: 0\}\)"),
                       ("OBIS codes", r"hexadecimal by obisCode\(format: hex\)"),
                       ("mutation", r"disableInstallation\(installationId: Uuid!\): Boolean!"),
                       ("PinStatus", "missing, pending, entered"), ("new", r"Pagination\.limit: Int")]:
        assert re.search(rf"(?m)^{name} +{text}$", result.stdout), f"{name}: {result.stdout}"
    assert "missing  " not in result.stdout and "needed" not in result.stdout


def test_check_api_without_introspection_goes_by_the_documentation(lab):
    api = lab.simulator(household=[*HOUSEHOLD, "--no-introspection"])
    result = ask(api, "check", "--api")
    assert result.returncode == 0, result.stderr
    assert "introspection disabled" in result.stdout
    # By the probe that cannot be executed: nothing was disabled.
    assert re.search(r"unlink asks for +disableInstallation\(installationId: <the installation's id>\)", result.stdout)
    assert len(listed(api)) == 3


# installations

@pytest.mark.parametrize("pages", [[], ["--default-page", 20], ["--max-page", 30],
                                   ["--default-page", 20, "--no-introspection"]])
def test_a_long_list_comes_whole_however_the_server_pages(lab, pages):
    api = lab.simulator(household=["--installations", 230, "--meters", 1, "--devices", 0, "--cadence", "1h", *pages])
    found = [one["id"] for one in listed(api)]
    assert len(found) == 230 and len(set(found)) == 230


def test_installations_as_text_and_as_json(api):
    result = ask(api, "installations")
    assert result.returncode == 0, result.stderr
    found = listed(api)
    assert len(found) == 3 and all(len(one["meters"]) == 2 and len(one["devices"]) == 1 for one in found)
    for one in found:
        assert one["id"] in result.stdout
        assert all(meter["number"] in result.stdout for meter in one["meters"])
    assert {"bridge_connection", "core_pin", "core_battery", "current"} <= found[0]["devices"][0].keys()
    chosen = found[1]["id"]
    chosen_only = {"IOMETER2MQTT_PARTNER_INSTALLATIONS": chosen}
    text = command("installations", **settings(api), **chosen_only).stdout
    assert text.count("(not published: partner.installations)") == 2
    assert re.search(rf"(?m)^installation {chosen}$", text)
    told = json.loads(command("installations", "--json", **settings(api), **chosen_only).stdout)["installations"]
    assert [one["id"] for one in told if one["published"]] == [chosen]


def test_one_broken_device_hides_no_other_installation(api):
    ids = [one["id"] for one in listed(api)]
    api.control("answer", field="installations", status=200, count=1, body=json.dumps(
        {"errors": [{"message": "internal system error", "path": ["installations", 0, "devices", 0, "core"]}],
         "data": None}))
    result = ask(api, "installations", "--json")
    assert sorted(one["id"] for one in json.loads(result.stdout)["installations"]) == sorted(ids)
    assert "installations[0].devices[0].core" in result.stderr


# readings

def lines_of(process):
    return [line for line in process.log().splitlines() if line.startswith("{")]


def test_readings_are_printed_exactly_and_only_once(lab):
    api = lab.simulator()
    meter = make_meter(1)
    old = reading(meter, ago(minutes=20), value((1, 8, 0), "1.2345678e+06", "Wh"))
    older = reading(meter, ago(hours=3), value((1, 8, 0), "1e+06", "Wh"))
    api.push([older], received=rfc3339(ago(hours=3)))
    api.push([old], received=rfc3339(ago(minutes=20)))
    tail = background(lab, api, "readings", "readings", "--json", "--since", "1h")
    wait_for(lambda: len(lines_of(tail)) == 1, "reading of the last hour")
    first = lines_of(tail)[0]
    assert '"value":1234567.8,' in first
    assert json.loads(first)["meter"] == {"id": meter.id, "number": meter.number}
    api.push([reading(meter, now(), value((16, 7, 0), "-0.00012345678901234567", "W"))])
    wait_for(lambda: len(lines_of(tail)) == 2, "live reading")
    assert '"value":-0.00012345678901234567,' in lines_of(tail)[1]
    # After a break the API replays what was printed.
    subscribed = tail.log().count("subscribed")
    api.control("drop")
    wait_for(lambda: tail.log().count("subscribed") > subscribed, "second subscription", 20)
    api.push([reading(meter, now(), value((16, 7, 0), "7", "W"))])
    wait_for(lambda: '"value":7,' in tail.log(), "reading after the break")
    assert len(lines_of(tail)) == 3, tail.log()
    code, seconds = tail.terminate()
    assert code == 0 and seconds < patience(3), tail.log()
    assert api.stats()["subscriptions"] == 0


def test_readings_as_text_end_after_the_given_time(lab):
    api = lab.simulator()
    fleet = Fleet(2)
    sent = fleet.round(ago(seconds=30))
    api.push(sent, received=rfc3339(ago(seconds=30)))
    result = ask(api, "readings", "--since", "5m", "--seconds", str(round(2 * SCALE)))
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == sum(len(one.values) for one in sent)
    assert all(re.search(rf"{one.meter.number} .* {value.code} ", result.stdout)
               for one in sent for value in one.values)


def test_readings_without_a_subscription_fail_with_the_reason(lab):
    api = lab.simulator(household=["--transports", "sse"])
    result = ask(api, "readings", "--seconds", "2", "--partner-transport", "graphql-ws")
    assert result.returncode == 1 and re.search(r"never subscribed in 2 s: \S", result.stderr), result


def test_readings_refuses_a_start_that_the_api_cannot_give(api):
    for since, word in [("25h", "24h"), ("yesterday", "--since")]:
        result = ask(api, "readings", "--since", since)
        assert result.returncode == 2 and word in result.stderr


def test_run_says_once_that_nothing_is_linked(lab):
    api = lab.simulator(household=["--installations", 0])
    daemon = lab.start(api, lab.broker(), partner={"poll_interval": "1s"})
    daemon.wait_for_log("no installation is linked: iometer2mqtt link")
    daemon.wait_for_log("subscribed over graphql-transport-ws to readings from")
    asked = api.stats()["http_requests"]
    wait_for(lambda: api.stats()["http_requests"] >= asked + 2, "two more polls", 20)
    assert daemon.log().count("no installation is linked") == 1


def test_run_says_once_which_name_no_meter_has(lab, api):
    meter = listed(api)[0]["meters"][0]
    broker = lab.broker()
    daemon = lab.start(api, broker, partner={"poll_interval": "1s"},
                       names={"1EMH0000000000": "House", meter["number"].lower(): "Garage"})
    daemon.wait_for_log('warning names: no meter that is linked has the number or id "1EMH0000000000"')
    wait_for(lambda: "iometer/meter/garage/availability" in lab.retained(broker), "a name by a number in lower case", 20)
    asked = api.stats()["http_requests"]
    wait_for(lambda: api.stats()["http_requests"] >= asked + 2, "two more polls", 20)
    assert daemon.log().count("names: ") == 1
