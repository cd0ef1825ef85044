"""npm's subscriptions-transport-ws, the origin of the subprotocol graphql-ws."""

from house import Way, ways
from promises import *  # noqa: F403
from server import SubscriptionsTransportWs

WAYS = ways("graphql-ws")
STRANGERS = [*WAYS, Way("graphql-ws", "basic", "init")]


def start_server(folder):
    return SubscriptionsTransportWs(folder, keep_alive=1000)
