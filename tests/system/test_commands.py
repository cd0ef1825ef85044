"""Commands over MQTT, as those who know zigbee2mqtt give them: by MQTT 3.1.1 and 5, allowed and not, right and wrong."""

import json
import re
import urllib.request

import pytest
from harness import observed
from harness.readings import make_meter, now, reading, value
from harness.waiting import wait_for

KNOWN = ["cleanup", "health_check", "link_url", "log_level", "rediscover", "refresh", "unlink"]
NEEDS_ALL = ["link_url", "unlink"]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class House:
    """A bridge that is up, and a client that gives it commands."""

    def __init__(self, lab, protocol="3.1.1", allowed=None):
        self.lab, self.api, self.broker = lab, lab.simulator(), lab.broker()
        self.recorder = lab.recorder(self.broker)
        self.meter = make_meter("commands")
        self.list_meters(self.meter)
        mqtt = {"protocol": protocol} | ({"commands": allowed} if allowed else {})
        self.daemon = lab.start(self.api, self.broker, mqtt=mqtt, partner={"poll_interval": "5m"}, log_level="info")
        self.api.push([reading(self.meter, now(), value((16, 7, 0), "100", "W"))])
        observed.wait_for_meter(self.recorder, self.meter)

    def list_meters(self, *meters):
        self.api.control("installations", installations=[
            {"id": one.installation, "meters": [{"id": one.id, "number": one.number}],
             "currentMeter": {"id": one.id, "number": one.number}, "devices": [], "currentDevice": None}
            for one in meters])

    def ask(self, command, payload="", topic=None, **properties):
        """The answer; `topic`: where it is expected."""
        topic = topic or f"iometer/bridge/response/{command}"
        before = len(self.recorder.texts(topic))
        self.recorder.publish(f"iometer/bridge/request/{command}", payload, **properties)
        self.recorder.wait_until(lambda: len(self.recorder.texts(topic)) > before, f"an answer on {topic}", 20)
        message = self.recorder.by_topic[topic][before]
        assert not message.retain
        return json.loads(message.text), message.correlation_data


@pytest.fixture(params=["3.1.1", "5"])
def house(lab, request):
    return House(lab, request.param, "all")


def ok(data, **more):
    return {"status": "ok", "data": data} | more


def test_each_command_does_what_it_says(house):
    assert house.ask("health_check")[0] == ok({"healthy": True, "problem": "ok"})
    assert house.ask("refresh", "{}")[0] == ok({})
    assert house.ask("cleanup", '{"dry_run": true}')[0] == ok({"dry_run": True, "count": 0, "topics": []})
    position = house.recorder.position()
    assert house.ask("rediscover", ' {"transaction": {"a": [1.50]}} ')[0] == ok({}, transaction={"a": [1.5]})
    house.recorder.wait_until(lambda: any(message.topic.endswith("/config")
                                          for message in house.recorder.since(position)), "announcements")
    assert house.ask("log_level", '{"level": "debug"}')[0] == ok({"level": "debug"})
    house.daemon.wait_for_log("log level debug")
    assert house.ask("log_level", "info")[0] == ok({"level": "info"})


def test_a_refresh_says_what_the_api_said(lab):
    house = House(lab, "5")
    house.api.control("answer", status=401, count=1)
    refusal, _ = house.ask("refresh", '{"transaction": 1}')
    assert refusal["status"] == "error" and "401" in refusal["error"] and refusal["transaction"] == 1, refusal
    # An API that refuses is not asked again for being told to: it would accept us now.
    assert house.ask("refresh")[0]["error"] == refusal["error"]


def test_a_log_level_shows_more_at_once(house):
    topic = f"iometer/meter/{house.meter.number.lower()}/value/power"

    def come(power):
        house.api.push([reading(house.meter, now(), value((16, 7, 0), power, "W"))])
        house.recorder.wait_until(lambda: house.recorder.last(topic) == power, f"{power} W", 20)

    come("101")
    house.ask("log_level", "debug")
    come("102")
    house.daemon.wait_for_log(f"debug .*reading of meter {house.meter.number}, .*: 1 values")
    assert "from the broker: iometer/bridge/request/log_level debug" not in house.daemon.log()
    house.ask("log_level", "trace")
    house.daemon.wait_for_log("debug .*from the broker: iometer/bridge/request/log_level trace")
    come("103")
    house.daemon.wait_for_log(f"trace .*to the broker: {topic} 103")
    assert f"{topic} 102" not in house.daemon.log()


def test_link_url_gives_an_address_that_links(house):
    answer, _ = house.ask("link_url", '{"transaction": "t1"}')
    assert answer["status"] == "ok" and answer["transaction"] == "t1"
    other, _ = house.ask("link_url")
    assert other["data"]["url"] != answer["data"]["url"]  # each has a state of its own
    opener = urllib.request.build_opener(NoRedirect)
    page = opener.open(answer["data"]["url"] + "&decision=accept", timeout=20)
    assert page.status == 302 and "installation_id=" in page.headers["Location"]
    house.ask("refresh")
    house.recorder.wait_until(lambda: json.loads(house.recorder.last("iometer/bridge/info"))["meters"] == 2,
                              "the new installation's meter", 20)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None

    def http_error_302(self, request, response, code, message, headers):
        return response


def test_unlink_ends_the_access(house):
    answer, _ = house.ask("unlink", json.dumps({"id": UNKNOWN}))
    assert answer["status"] == "error" and "unlinked already" in answer["error"]
    answer, _ = house.ask("unlink", json.dumps({"id": house.meter.installation, "transaction": 5}))
    assert answer == ok({"id": house.meter.installation}, transaction=5)
    # Nobody waits an hour for what he did himself.
    house.daemon.wait_for_log("meter_unlinked")
    answer, _ = house.ask("unlink", house.meter.installation)  # as bare text
    assert answer["status"] == "error" and "unlinked already" in answer["error"]


@pytest.mark.parametrize("command, payload, words", [
    ("refresh", "{", "no JSON"), ("refresh", "[]", "no JSON object"), ("refresh", "now", "no JSON"),
    ("refresh", '{"dry_run": true}', "nothing else"), ("cleanup", '{"dry_run": 1}', "dry_run"),
    ("log_level", "", "trace, debug, info, warning, error"), ("log_level", '{"level": 1}', '"level" (text)'),
    ("log_level", "loud", "trace, debug, info, warning, error"), ("unlink", "{}", "installation's id"),
    ("unlink", "all", "installation's id"), ("dance", "", ", ".join(KNOWN)), ("dance", "[", ", ".join(KNOWN)),
])
def test_what_is_wrong_is_answered(shared_house, command, payload, words):
    answer, _ = shared_house.ask(command, payload)
    assert answer["status"] == "error" and words in answer["error"], answer
    assert set(answer) == {"status", "error"}


@pytest.fixture(scope="module")
def shared_house(shared_lab):
    return House(shared_lab, "5", "all")


def test_the_transaction_comes_back_with_an_error_too(shared_house):
    for command, payload in [("dance", {}), ("refresh", {"no": 1}), ("unlink", {"id": "x"})]:
        answer, _ = shared_house.ask(command, json.dumps(payload | {"transaction": [1, None]}))
        assert answer["status"] == "error" and answer["transaction"] == [1, None]


def test_an_answer_goes_where_the_request_wants_it(shared_house):
    before = len(shared_house.recorder.texts("iometer/bridge/response/health_check"))
    answer, data = shared_house.ask("health_check", topic="flows/answers/7", response_topic="flows/answers/7",
                                    correlation_data=b"\x00\xff7")
    assert answer["status"] == "ok" and data == b"\x00\xff7"
    assert len(shared_house.recorder.texts("iometer/bridge/response/health_check")) == before
    # Without a response topic the correlation data still come back.
    assert shared_house.ask("refresh", correlation_data=b"abc")[1] == b"abc"
    # A command that the API answers, too.
    answer, data = shared_house.ask("link_url", topic="flows/link", response_topic="flows/link",
                                    correlation_data=b"L")
    assert answer["data"]["url"].startswith("http") and data == b"L"


@pytest.mark.parametrize("topic", ["iometer/bridge/state", "iometer/meter/x/state", "iometer",
                                   "homeassistant/device/x/config", "$SYS/x"])
def test_a_response_topic_on_which_something_else_is_said_is_refused(shared_house, topic):
    position = shared_house.recorder.position()
    answer, data = shared_house.ask("refresh", response_topic=topic, correlation_data=b"c")
    assert answer["status"] == "error" and "response topic" in answer["error"] and data == b"c"
    assert not any(message.text == '{"status":"ok","data":{}}' for message in shared_house.recorder.since(position))


def test_a_retained_request_is_left_alone(lab):
    house = House(lab, "5", "all")
    house.recorder.publish("iometer/bridge/request/unlink", house.meter.installation, retain=True)
    wait_for(lambda: "iometer/bridge/request/unlink" in house.lab.retained(house.broker), "a retained request")
    # It is carried out once, by whoever is there; a bridge that starts later leaves it alone.
    house.daemon.wait_for_log("meter_unlinked")
    house.daemon.terminate()
    house.recorder.wait_for_text(observed.BRIDGE_STATE, "offline")  # the last that it said
    position = house.recorder.position()
    house.daemon = lab.start(house.api, house.broker, mqtt={"commands": "all", "protocol": "5"})
    assert house.ask("health_check")[0]["status"] == "ok"
    assert not any("/response/unlink" in message.topic for message in house.recorder.since(position))


@pytest.mark.parametrize("allowed", [None, "safe"])
def test_linking_and_unlinking_need_to_be_allowed(lab, allowed):
    house = House(lab, allowed=allowed)
    for command in NEEDS_ALL:
        answer, _ = house.ask(command, json.dumps({"transaction": 1}))
        assert answer["status"] == "error" and "mqtt.commands: all" in answer["error"] and answer["transaction"] == 1
    assert house.ask("unlink", house.meter.installation)[0]["status"] == "error"
    assert house.ask("refresh")[0]["status"] == "ok"
    # What was asked for before it has been carried out when this is answered.
    assert house.ask("health_check")[0]["status"] == "ok" and "meter_unlinked" not in house.daemon.log()


def test_where_commands_are_off_none_is_carried_out_or_offered(lab):
    house = House(lab, allowed="off")
    for command in KNOWN:
        answer, _ = house.ask(command, '{"level": "error"}' if command == "log_level" else "")
        assert answer["status"] == "error" and "mqtt.commands is off" in answer["error"], (command, answer)
    service = house.recorder.wait_until(
        lambda: [topic for topic in list(house.recorder.by_topic) if re.search(r"/iometer2mqtt_\w+/config$", topic)],
        "the announcement of the service device")[0]
    components = json.loads(house.recorder.last(service))["components"]
    assert "status" in components and not {"refresh", "rediscover"} & set(components)


def test_who_waits_for_the_api_is_answered_when_the_bridge_ends(lab):
    house = House(lab, "5", "all")
    house.api.process.pause()
    house.recorder.publish("iometer/bridge/request/link_url", '{"transaction": 9}')
    house.ask("health_check")
    assert house.recorder.last("iometer/bridge/response/link_url") is None
    house.daemon.terminate()
    house.api.process.resume()
    answer = json.loads(house.recorder.wait_until(
        lambda: house.recorder.last("iometer/bridge/response/link_url"), "an answer"))
    assert answer["status"] == "error" and "the bridge ends" in answer["error"] and answer["transaction"] == 9


def test_an_answer_that_the_broker_takes_offence_at_does_not_hold_the_bridge_up(lab):
    house = House(lab, "5", "all")
    position = house.recorder.position()
    house.recorder.publish("iometer/bridge/request/refresh", "", response_topic="a" + "/b" * 250)
    house.recorder.publish("iometer/bridge/request/refresh", "", correlation_data=b"d" * 60_000)
    assert house.ask("health_check")[0]["status"] == "ok"
    answers = [json.loads(message.text) for message in house.recorder.since(position)
               if message.topic == "iometer/bridge/response/refresh"]
    assert [one["status"] for one in answers] == ["error", "error"]
    assert house.daemon.log().count("connected to the MQTT broker") == 1
