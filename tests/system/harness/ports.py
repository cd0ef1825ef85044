"""A loopback port of the test's own."""

import fcntl
import os
import pathlib
import random
import socket
import tempfile

# Below those that the kernel gives to whoever asks for any (ip_local_port_range).
CHOICE = range(20000, 30000)
_claims = []  # locked until this process ends


def free_port():
    """No other test gets it until this process ends: its program may leave it for a while, or never listen there."""
    folder = pathlib.Path(tempfile.gettempdir()) / f"iometer2mqtt-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for port in random.sample(CHOICE, len(CHOICE)):
        claim = open(folder / str(port), "w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port
    raise AssertionError("no port is free")


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False
