"""`transport: auto` finds what a server offers: graphql-transport-ws, else an event stream, else graphql-ws."""

import pytest
from harness import observed, verdict
from harness.fixtures import run
from harness.waiting import wait_for
from house import House, Way
from server import Gqlgen, GraphqlJs, SubscriptionsTransportWs

GQLGEN = "v0.17.98"

OFFERS = {
    "gqlgen with everything": (lambda folder: Gqlgen(folder, GQLGEN), "graphql-transport-ws"),
    "gqlgen without WebSocket": (lambda folder: Gqlgen(folder, GQLGEN, transports="sse,post"), "sse"),
    "gqlgen without event streams": (lambda folder: Gqlgen(folder, GQLGEN, transports="websocket,post"),
                                     "graphql-transport-ws"),
    "graphql-js without WebSocket": (lambda folder: GraphqlJs(folder, transports="sse,post"), "sse"),
    "subscriptions-transport-ws": (SubscriptionsTransportWs, "graphql-ws"),
}


@pytest.fixture(name="house", params=OFFERS.values(), ids=OFFERS.keys())
def _house(request, tmp_path):
    start, expected = request.param
    server = start(tmp_path)
    made = House(tmp_path / "house", server, Way("auto", "wsse"))
    made.expected = expected
    yield from run(made)
    server.stop()


def test_what_a_server_offers_is_found(house):
    house.settled(30)
    house.push(rounds=5)
    observed.wait_for_readings(house.seen, len(house.fleet.all_sent()))
    wait_for(lambda: house.transport() == house.expected, f"{house.expected} in {house.transport()}")
    # Who offers both subprotocols at once gets the older one of gqlgen.
    assert not [offer for offer in house.server.stats()["transports"] if "," in offer]

    house.server.control("drop")
    house.push(rounds=5)
    verdict.wait_for_all(house.seen, house.fleet, 40)
    assert house.transport() == house.expected
