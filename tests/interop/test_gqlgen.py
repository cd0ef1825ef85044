"""The newest gqlgen (its WebSockets are coder/websocket's), with every keep-alive that it has."""

from house import ways
from promises import *  # noqa: F403
from server import Gqlgen

VERSION = "v0.17.98"
WAYS = ways("graphql-transport-ws")
STRANGERS = WAYS


def start_server(folder):
    return Gqlgen(folder, VERSION, keep_alive="1s", sse_keep_alive="1s", ping_pong="1s")
