"""The API or the broker is not there or does not let us in: said clearly, tried again politely."""

import pytest
from harness import observed
from harness.ports import free_port
from harness.readings import Fleet
from harness.secrets import MQTT_PASSWORD, WRONG_PASSWORD, WRONG_SECRET
from harness.waiting import holds_for, wait_for


def test_an_api_that_nobody_listens_at(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    port = free_port()
    daemon = lab.daemon(lab.configure(api, broker, partner={"url": f"http://127.0.0.1:{port}/api/v1/query"}))
    daemon.wait_for_log(rf"127\.0\.0\.1:{port}")
    health = observed.wait_for_health(recorder, lambda health: health["problem"] != "ok", "a problem")
    assert health["problem"] == "upstream_down"
    assert f"127.0.0.1:{port}" in health["api"]["reason"]
    recorder.wait_for_text(observed.BRIDGE_STATE, "online")


def test_an_api_whose_name_does_not_resolve(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.daemon(lab.configure(api, broker, partner={"url": "http://no-such-host.invalid/api/v1/query"}))
    health = observed.wait_for_health(recorder, lambda health: health["api"]["reason"], "a reason", 30)
    assert "no-such-host.invalid" in health["api"]["reason"]


@pytest.mark.parametrize("place", ["both", "header", "init"])
def test_refused_credentials(lab, place):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    daemon = lab.daemon(lab.configure(api, broker, partner={"secret": WRONG_SECRET, "auth_in": place},
                                      log_level="trace"))
    event = observed.wait_for_event(recorder, "auth_failed")
    assert "partner.secret" in event["detail"]
    health = observed.wait_for_health(
        recorder, lambda health: health["problem"] == "auth_failed" and health["api"]["reason"], "auth_failed")
    assert "partner.id" in health["api"]["reason"] and "partner.secret" in health["api"]["reason"]
    daemon.wait_for_log("partner.secret")
    requests = api.stats()["http_requests"]
    holds_for(lambda: api.stats()["connections"] == 0, "no connection with refused credentials", 5)
    assert api.stats()["http_requests"] - requests <= 1, "a hot loop of refused requests"
    assert WRONG_SECRET not in "".join(message.text for message in recorder.messages)


def test_the_api_is_down_for_a_while(lab):
    """503 with Retry-After to everybody, then it works."""
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    api.control("refuse", status=503, retry_after=2, count=4)
    lab.start(api, broker)
    fleet = Fleet(2)
    api.push(fleet.round())
    observed.wait_for_readings(recorder, 2)
    observed.wait_for_health(recorder, lambda health: health["problem"] == "ok", "end of the problem")


def test_too_many_requests(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    api.control("refuse", status=429, retry_after=3600, count=100)
    daemon = lab.daemon(lab.configure(api, broker))
    health = observed.wait_for_health(recorder, lambda health: health["api"]["reason"], "a reason")
    assert "429" in health["api"]["reason"]
    before = api.stats()["http_requests"]
    holds_for(lambda: api.stats()["http_requests"] == before and daemon.is_running(), "obeys Retry-After", 5)


def test_a_broker_that_nobody_listens_at(lab):
    api, broker = lab.simulator(), lab.broker()
    port = free_port()
    daemon = lab.daemon(lab.configure(api, broker, mqtt={"url": f"mqtt://127.0.0.1:{port}"}))
    daemon.wait_for_log(rf"127\.0\.0\.1:{port}.*mqtt\.url")
    holds_for(lambda: api.stats()["subscriptions"] == 0, "no broker, no subscription", 3)
    assert daemon.is_running()


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_refused_broker_login(lab, protocol):
    api = lab.simulator()
    broker = lab.broker(users={"meter": MQTT_PASSWORD})
    mqtt = {"username": "meter", "password": WRONG_PASSWORD, "protocol": protocol}
    daemon = lab.daemon(lab.configure(api, broker, mqtt=mqtt, log_level="trace"))
    daemon.wait_for_log(r"mqtt\.username.*mqtt\.password")
    refusals = lambda: broker.process.log().count("New connection")
    before = refusals()
    holds_for(lambda: refusals() <= before + 1, "a hot loop of refused logins", 5)
    assert api.stats()["subscriptions"] == 0


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
@pytest.mark.parametrize("source", ["password", "password_file"])
def test_a_broker_login_that_works(lab, protocol, source):
    api = lab.simulator()
    broker = lab.broker(users={"meter": MQTT_PASSWORD})
    file = lab.folder / "password"
    file.write_text(MQTT_PASSWORD + "\n")
    secret = {"password": MQTT_PASSWORD} if source == "password" else {"password_file": str(file)}
    lab.start(api, broker, mqtt={"username": "meter", "protocol": protocol} | secret, log_level="trace")
    recorder = lab.recorder(broker, username="meter", password=MQTT_PASSWORD)
    recorder.wait_for_text(observed.BRIDGE_STATE, "online")


def test_the_api_comes_back_with_the_right_words_forgotten(lab):
    """Whatever the problem was: once all is well, nothing retained says otherwise."""
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker)
    api.control("drop")
    observed.wait_for_event(recorder, "upstream_down")
    api.wait_for_subscription()
    wait_for(lambda: len([event for event in observed.events(recorder) if event["event"] == "upstream_up"]) >= 2,
             "second upstream_up")
    observed.wait_for_health(recorder, lambda health: health["problem"] == "ok" and not health["api"]["reason"],
                             "no problem and no reason")
