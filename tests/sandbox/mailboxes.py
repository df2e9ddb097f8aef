"""What tests of transports share: partners to talk to, and how to look at what they hold."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from odoo.addons.healthcare_integration_base.transports import create

from tests.sandbox.clearing_house import ClearingHouse, running

MIB = 1024 * 1024
PASSWORD = "sandbox Pa55-word"
_SFTP_SERVERS = (
    os.environ.get("SFTP_SERVER", ""),
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/sftp-server",
)
OPENSSH = next((path for path in _SFTP_SERVERS if path and os.path.exists(path)), None)
# OpenSSH's own sftp-server takes part where the machine has it
KINDS = ["folder", "sftp", *(["openssh"] if OPENSSH else [])]


class Mailbox:
    """One partner: a local folder, and how a transport reaches it.

    :ivar kind: code of the transport
    :ivar path: the folder, with ``in`` and ``out`` below it
    """

    def __init__(self, kind: str, root: Path, houses: dict[str, ClearingHouse]):
        self.kind = "folder" if kind == "folder" else "sftp"
        self.path = root / f"case{time.monotonic_ns()}"
        self._house = houses.get(kind)
        for name in ("in", "out"):
            (self.path / name).mkdir(parents=True)

    def transport(self, **changes):
        """Return a transport for inbox ``in`` and outbox ``out``, with other settings as given."""
        values = {"inbox": "in", "outbox": "out"}
        if self.kind == "folder":
            values["root"] = str(self.path)
        else:
            house = self._house
            values |= {"root": self.path.name, "host": house.host, "port": house.port, "username": "payer"}
            values |= {"password": PASSWORD, "host_key": house.known_hosts}
        return create(self.kind, values | changes)

    def drop(self, name: str, content: bytes = b"ISA*", age: float = 60.0) -> Path:
        """Put a file that is ``age`` seconds old into the inbox."""
        path = self.path / "in" / name
        path.write_bytes(content)
        os.utime(path, times=(time.time() - age,) * 2)
        return path


@contextmanager
def houses(base: Path) -> Iterator[tuple[Path, dict[str, ClearingHouse]]]:
    """Run one server of each kind; yield the folder they serve, and the servers by kind."""
    root = base / "root"
    root.mkdir()
    with running(root, "payer", PASSWORD, base / "own") as own:
        if OPENSSH is None:
            yield root, {"sftp": own}
            return
        with running(root, "payer", PASSWORD, base / "openssh", "--sftp-server", OPENSSH) as openssh:
            yield root, {"sftp": own, "openssh": openssh}


def content_of(transport, file) -> bytes:
    """Return the whole content of a listed file."""
    return b"".join(transport.fetch(file))


def names_in(path: Path) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(entry.name for entry in path.iterdir())
