"""TCP ports on the loopback address."""

from __future__ import annotations

import random
import socket

from .failure import SetupError

#: Below the range that Linux hands out to outgoing connections, which could take a port between two runs.
_CHOICE = range(20000, 32000)
_TRIES = 200


def port_is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen at the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def free_port(besides: int = 0) -> int:
    """Return a port that no server listens at.

    :param besides: one that is chosen already, for a server that does not listen yet
    :raises SetupError: none was found
    """
    for port in random.sample(_CHOICE, _TRIES):
        if port != besides and port_is_free(port):
            return port
    raise SetupError(f"No free TCP port between {_CHOICE.start} and {_CHOICE.stop}")
