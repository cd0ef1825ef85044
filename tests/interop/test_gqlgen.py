"""The newest gqlgen (its WebSockets are coder/websocket's), with every keep-alive that it has."""

from house import Way, ways
from promises import *  # noqa: F403
from server import Gqlgen

VERSION = "v0.17.98"
WAYS = ways("graphql-transport-ws", "sse", "graphql-ws")
STRANGERS = [*WAYS, Way("graphql-transport-ws", "basic", "init"), Way("graphql-ws", "wsse", "init")]


def start_server(folder):
    return Gqlgen(folder, VERSION, keep_alive="1s", sse_keep_alive="1s", ping_pong="1s")
