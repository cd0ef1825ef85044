"""An older gqlgen, whose WebSockets are gorilla/websocket's: it sends large messages in fragments."""

from house import ways
from promises import *  # noqa: F403
from server import Gqlgen

VERSION = "v0.17.81"
WAYS = ways("graphql-transport-ws", "sse", "graphql-ws")
STRANGERS = WAYS


def start_server(folder):
    """Without the keep-alive of event streams: this version writes it without a lock, into the middle of events."""
    return Gqlgen(folder, VERSION, keep_alive="1s", ping_pong="1s", introspection="false")
