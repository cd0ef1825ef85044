"""npm's reference implementations: graphql, graphql-ws (subprotocol graphql-transport-ws) and graphql-sse."""

import pytest
from harness.flood import flood
from house import Way, ways
from promises import *  # noqa: F403
from server import GraphqlJs

WAYS = ways("graphql-transport-ws", "sse")
STRANGERS = [*WAYS, Way("graphql-transport-ws", "basic", "init")]


def start_server(folder):
    return GraphqlJs(folder, keep_alive=1000)


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_flood(lab, protocol):
    """The same as in tests/system."""
    server = GraphqlJs(lab.folder)
    try:
        flood(lab, server, protocol, server.write)
    finally:
        server.stop()
