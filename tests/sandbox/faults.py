"""What tests of an SFTP server's faults share: servers that misbehave, and what must come of it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from odoo.addons.healthcare_integration_base.errors import IntegrationError
from odoo.addons.healthcare_integration_base.transports import create

from tests.sandbox.clearing_house import ClearingHouse, running
from tests.sandbox.mailboxes import PASSWORD


class Partner:
    """A folder with an inbox and an outbox, and sandbox servers for it.

    :ivar root: the folder
    :ivar state: folder of the server's own files, such as its ``host_key``
    """

    def __init__(self, base: Path):
        self.root, self.state = base / "root", base / "state"
        for name in ("in", "out"):
            (self.root / name).mkdir(parents=True)
        self.state.mkdir()

    def serving(self, *options: str) -> AbstractContextManager[ClearingHouse]:
        """Run a server with the given faults."""
        return running(self.root, "payer", PASSWORD, self.state, *options)

    def drop(self, name: str, content: bytes) -> None:
        """Put a file into the inbox."""
        (self.root / "in" / name).write_bytes(content)


def transport(house: ClearingHouse, **changes):
    """Return a transport for a sandbox server, with other settings as given."""
    values = {"host": house.host, "port": house.port, "username": "payer", "password": PASSWORD}
    values |= {"host_key": house.known_hosts, "inbox": "in", "outbox": "out"}
    return create("sftp", values | {"connect_timeout": 5, "read_timeout": 5, "total_timeout": 20} | changes)


def endpoint(port: int, **changes):
    """Return an impatient transport for whatever listens on a port of this machine."""
    values = {"host": "127.0.0.1", "port": port, "username": "payer", "password": PASSWORD, "inbox": "in"}
    return create("sftp", values | {"connect_timeout": 1.5, "read_timeout": 2, "total_timeout": 6} | changes)


def failure(opened, act: Callable = lambda opened: opened.list(), within: float = 8.0) -> IntegrationError:
    """Return the error of ``act`` on an opened transport; it comes in time and shows no secret."""
    started = time.monotonic()
    with pytest.raises(IntegrationError) as caught, opened:
        act(opened)
    assert time.monotonic() - started < within
    error = caught.value
    assert PASSWORD not in repr(error) + str(error)
    assert error.code and error.location and error.expected and error.found and error.remedy
    return error


@contextmanager
def listening(behave: Callable[[socket.socket, threading.Event], object], port: int = 0) -> Iterator[int]:
    """Run a TCP server on loopback that treats each connection as ``behave`` says; yield its port.

    :param port: where to listen; 0 takes a free one
    """
    with socket.create_server(("127.0.0.1", port)) as server:
        stop = threading.Event()

        def serve():
            while True:
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                with connection:
                    behave(connection, stop)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stop.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
