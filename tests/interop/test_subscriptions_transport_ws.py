"""npm's subscriptions-transport-ws, the origin of the subprotocol graphql-ws."""

from promises import test_the_server_looks_at_the_credentials  # noqa: F401
from server import SubscriptionsTransportWs

WAYS = STRANGERS = []


def start_server(folder):
    return SubscriptionsTransportWs(folder, keep_alive=1000)
