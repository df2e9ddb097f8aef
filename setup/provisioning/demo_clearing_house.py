"""The sandbox clearing house of the demo: an SFTP server on loopback with a mailbox below the checkout."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import environment, paths, secret_files
from .demo_files import DemoFiles
from .failure import SetupError
from .ports import free_port, port_is_free
from .processes import started
from .progress import step

_PROGRAM = paths.ROOT / "tests" / "sandbox" / "clearing_house.py"


@dataclass(frozen=True)
class ClearingHouse:
    """A running clearing house.

    :ivar mailbox: the folder that is served
    :ivar host_key: the line of OpenSSH's ``known_hosts`` for it
    """

    host: str
    port: int
    host_key: str
    login: str
    password: str
    mailbox: Path


@contextlib.contextmanager
def running(files: DemoFiles, login: str) -> Iterator[ClearingHouse]:
    """Serve the mailbox until the block is left, at the port and with the host key of the last time.

    :raises SetupError: the server does not start
    """
    state = files.clearing_house
    mailbox = state / "mailbox"
    mailbox.mkdir(parents=True, exist_ok=True)
    password = secret_files.generated(state / "password")
    command = [environment.PYTHON, _PROGRAM, "--root", mailbox, "--port", str(_port(state)), "--user", login]
    command += ["--password-file", state / "password", "--host-key", state / "host_key"]
    log = files.log("clearing-house")
    with contextlib.ExitStack() as stack:
        with step("Sandbox clearing house (SFTP)"):
            output = stack.enter_context(log.open("wb"))
            process = stack.enter_context(
                started(
                    command,
                    env=environment.variables(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=output,
                )
            )
            line = process.stdout.readline()
            if not line:
                raise SetupError("The sandbox clearing house did not start", "Read its log.", log)
            announced = json.loads(line)
        yield ClearingHouse(
            announced["host"], announced["port"], announced["known_hosts"], login, password, mailbox
        )


def _port(state: Path) -> int:
    """Return the port of the last time while it is free, else another one that is kept from now on."""
    file = state / "port"
    if file.exists() and port_is_free(int(file.read_text(encoding="utf-8"))):
        return int(file.read_text(encoding="utf-8"))
    port = free_port()
    file.write_text(str(port), encoding="utf-8")
    return port
