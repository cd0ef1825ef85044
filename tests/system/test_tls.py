"""TLS to the API and to the broker with an authority of our own: verified chain, verified host name, clear words."""

import pytest
from harness import observed
from harness.certificates import Authority
from harness.readings import Fleet
from harness.waiting import holds_for

HERE = ["IP:127.0.0.1", "DNS:localhost"]
ELSEWHERE = ["DNS:other.example", "IP:127.9.9.9"]


@pytest.fixture
def authority(lab):
    return Authority(lab.folder / "tls", "ours")


@pytest.fixture
def stranger(lab):
    return Authority(lab.folder / "tls", "stranger")




def test_both_with_our_own_authority(lab, authority):
    api = lab.simulator(certificate=authority.issue("api", HERE), authority=authority)
    broker = lab.broker(certificate=authority.issue("broker", HERE))
    recorder = lab.recorder(broker)
    assert api.url.startswith("https://") and broker.url.startswith("mqtts://")
    lab.start(api, broker, partner={"ca_file": str(authority.file)}, mqtt={"ca_file": str(authority.file)})
    fleet = Fleet(3)
    api.push(fleet.round())
    observed.wait_for_readings(recorder, 3)
    recorder.wait_for_text(observed.BRIDGE_STATE, "online")
    assert api.stats()["http_requests"] > 0, "the status poll goes over TLS too"


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
@pytest.mark.parametrize("case", ["an authority that is not ours", "no authority", "another host's certificate"])
def test_a_broker_that_cannot_be_trusted(lab, authority, stranger, case, protocol):
    names = ELSEWHERE if case == "another host's certificate" else HERE
    trusted = stranger if case == "an authority that is not ours" else authority
    broker = lab.broker(certificate=authority.issue("broker", names))
    api = lab.simulator()
    mqtt = {"protocol": protocol} | ({} if case == "no authority" else {"ca_file": str(trusted.file)})
    daemon = lab.daemon(lab.configure(api, broker, mqtt=mqtt))
    daemon.wait_for_log(rf"(?i)127\.0\.0\.1:{broker.port}.*(certificate|host ?name)")
    holds_for(lambda: "New client connected" not in broker.process.log(), "no login at an untrusted broker", 2)
    assert api.stats()["subscriptions"] == 0


@pytest.mark.parametrize("case", ["an authority that is not ours", "no authority", "another host's certificate"])
def test_an_api_that_cannot_be_trusted(lab, authority, stranger, case):
    names = ELSEWHERE if case == "another host's certificate" else HERE
    trusted = stranger if case == "an authority that is not ours" else authority
    api = lab.simulator(certificate=authority.issue("api", names), authority=authority)
    broker = lab.broker()
    recorder = lab.recorder(broker)
    partner = {} if case == "no authority" else {"ca_file": str(trusted.file)}
    daemon = lab.daemon(lab.configure(api, broker, partner=partner))
    health = observed.wait_for_health(recorder, lambda health: health["api"]["reason"], "a reason for the missing API")
    assert "certificate" in health["api"]["reason"].lower(), health["api"]
    daemon.wait_for_log(rf"(?i)127\.0\.0\.1:{api.port}.*certificate")
    stats = api.stats()
    assert stats["subscriptions"] == 0 and stats["http_requests"] == 0


def test_plain_text_to_a_tls_broker_and_the_other_way(lab, authority):
    api = lab.simulator()
    secured = lab.broker(certificate=authority.issue("broker", HERE))
    daemon = lab.daemon(lab.configure(api, secured, mqtt={"url": f"mqtt://127.0.0.1:{secured.port}"}))
    daemon.wait_for_log("(?i)MQTT broker.*")
    plain = lab.broker()
    other = lab.daemon(lab.configure(api, plain, mqtt={"url": f"mqtts://127.0.0.1:{plain.port}"},
                                     state_dir=str(lab.folder / "other")))
    other.wait_for_log("(?i)MQTT broker.*(tls|ssl|certificate)")
    assert api.stats()["subscriptions"] == 0
