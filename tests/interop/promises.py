"""What must hold at each server, transport and sign-in. The test files import these tests and say in WAYS and STRANGERS
for what, and in start_server() where."""

import datetime

import sign_in
from harness import flood, observed, verdict
from harness.fixtures import run
from harness.readings import now, reading, value
from harness.waiting import holds_for, wait_for
from house import House

READINGS = 1000
UNKNOWN = "nobody"
MOST_REFUSALS = 8  # the subscription's and the status poll's


def test_a_thousand_readings(house):
    """Every value on the topic that discovery names, digit for digit; every reading once."""
    house.settled()
    fleet, recorder = house.fleet, house.seen
    house.push()
    topics = {meter.id: observed.wait_for_topics(recorder, meter, fleet.newest(meter)) for meter in fleet.meters}
    while len(fleet.all_sent()) < READINGS:
        house.push(rounds=3)
    observed.wait_for_readings(recorder, len(fleet.all_sent()), 60)
    flood.check_values(recorder, fleet, topics)
    flood.check_readings(recorder, fleet)
    flood.check_retained(house.retained(house.api_broker), fleet, topics)
    assert house.transport() == house.way.transport
    assert house.server.stats()["accepted"][house.way.auth] > 0


def test_a_message_of_many_kilobytes(house):
    """More than any buffer of the server's holds; some send it in fragments."""
    meter = house.fleet.meters[0]
    house.push()
    sent = house.fleet.sent[meter.id]
    registers = [value((kind, 8, tariff), house.server.write(f"{10000 + tariff}.25"), "Wh", "full")
                 for kind in (1, 2) for tariff in range(10, 64)]
    sent.append(reading(meter, max(now(), sent[-1].time + datetime.timedelta(seconds=1)), *registers))
    house.server.push([sent[-1]])
    seen = house.seen.wait_until(lambda: observed.readings_of(house.seen, meter)[len(sent) - 1:], "the reading", 20)[0]
    texts = {one["obis"]: one["value"] for one in seen["values"].values()}
    assert len(texts) == len(registers) > 100


def test_a_connection_that_is_cut(house):
    """In the middle of a stream, by a TCP reset: what comes in the meantime is fetched by startTime."""
    house.push(rounds=20)
    house.server.control("drop")
    house.push(rounds=20)
    verdict.wait_for_all(house.seen, house.fleet, 30)
    verdict.check_copies(house.seen)
    assert house.server.stats()["last_start_time"]


def test_a_stream_that_the_server_completes(house):
    house.settled()
    house.push(rounds=5)
    house.server.control("complete")
    wait_for(lambda: house.server.stats()["subscriptions"] == 0, "end of the stream", pause=0.002)
    house.push(rounds=5)
    verdict.wait_for_all(house.seen, house.fleet, 30)
    verdict.check_copies(house.seen)


def test_a_quiet_stream_is_left_alone(house):
    """Keep-alives in both directions are all that passes; nobody takes that for the end."""
    house.settled()
    before = house.server.stats()
    holds_for(lambda: house.server.stats()["subscriptions"] == 1, "the subscription", 3)
    after = house.server.stats()
    streams = lambda stats: {name: count for name, count in stats["transports"].items() if name != "post"}
    assert streams(after) == streams(before)


def test_a_goodbye(house):
    """SIGTERM ends the subscription and the connection at the server, too."""
    house.settled()
    assert house.server.stats()["connections"] == 1
    code, _ = house.program.terminate()
    assert code == 0
    wait_for(lambda: house.server.stats()["subscriptions"] == 0, "end of the subscription")
    wait_for(lambda: house.server.stats()["connections"] == 0, "end of the connection")
    house.server.control("forget")


def test_the_server_looks_at_the_credentials(server):
    """Or else the other tests would show nothing about the sign-in."""
    names = server.partner_id, server.secret
    assert sign_in.status(server, sign_in.basic(*names)) == 200
    assert sign_in.status(server, sign_in.basic(server.partner_id, "wrong")) == 401
    assert sign_in.status(server, sign_in.basic(UNKNOWN, server.secret)) == 401
    assert sign_in.status(server, None) == 401
    token = sign_in.wsse(*names)
    assert sign_in.status(server, token) == 200
    assert sign_in.status(server, token) == 401, "the same nonce again"
    assert sign_in.status(server, sign_in.wsse(server.partner_id, "wrong")) == 401
    assert sign_in.status(server, sign_in.wsse(UNKNOWN, server.secret)) == 401
    assert sign_in.status(server, sign_in.wsse(*names, raw_digest=True)) == 401
    for minutes in (-6, 6):
        assert sign_in.status(server, sign_in.wsse(*names, age=datetime.timedelta(minutes=minutes))) == 401


def test_refused_credentials_heal(strangers):
    """The problem is said in words, attempts are few, and once the secret is right again no restart is needed."""
    for house in strangers:
        assert "partner.secret" in house.refusal
        assert 1 <= house.refusals <= MOST_REFUSALS, f"{house.way}: {house.refusals} attempts with a wrong secret"
    for house in strangers:
        observed.wait_for_health(house.seen, lambda health: health["problem"] == "ok", f"health of {house.way}", 90)
        house.push()
        observed.wait_for_readings(house.seen, len(house.fleet.meters))
        assert house.transport() == house.way.transport


def test_a_deploy(request, tmp_path, way):
    """The server's program ends in good order and another one takes its place."""
    server = request.module.start_server(tmp_path)
    house = House(tmp_path / "house", server, way)
    life = run(house)
    next(life)
    try:
        house.settled()
        house.push(rounds=5)
        observed.wait_for_readings(house.seen, len(house.fleet.all_sent()))
        server.restart()
        house.settled(30)
        house.push(rounds=5)
        verdict.wait_for_all(house.seen, house.fleet, 30)
    finally:
        next(life, None)
        server.stop()


# In the order of this file, for the tests of one house follow each other.
__all__ = [name for name in globals() if name.startswith("test_")]
