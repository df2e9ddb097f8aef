"""A running Odoo server that serves one database."""

from __future__ import annotations

import contextlib
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .failure import SetupError
from .odoo_process import Odoo
from .ports import free_port
from .processes import started

_START_SECONDS = 120


@dataclass(frozen=True)
class RunningServer:
    """An Odoo server that answers.

    :param url: the address of its web client, without a path
    """

    url: str
    process: subprocess.Popen


@contextlib.contextmanager
def running(
    odoo: Odoo,
    database: str,
    log: Path,
    port: int = 0,
    workers: int = 2,
    cron_threads: int = 2,
    options: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> Iterator[RunningServer]:
    """Serve a database with worker processes and cron lanes until the block is left.

    :param log: gets the server's output
    :param port: where to listen; 0 for any free port
    :param workers: processes that answer requests; 0 for one process with threads
    :param cron_threads: processes (threads, without workers) that run scheduled actions
    :param options: further options of Odoo's command line
    :param variables: environment variables to set beside Odoo's
    :raises SetupError: the server does not answer
    """
    port = port or free_port()
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as output,
        started(
            command(odoo, database, port, workers, cron_threads, options),
            env={**odoo.variables(), **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        _wait_for_answer(port, process, log)
        yield RunningServer(f"http://localhost:{port}", process)


def command(
    odoo: Odoo, database: str, port: int, workers: int, cron_threads: int, options: Sequence[str] = ()
) -> list[str]:
    """Return the command line of a server; its environment is that of :meth:`Odoo.variables`."""
    result = odoo.command("-d", database, "--db-filter", f"^{database}$", "--no-database-list")
    result += ["--http-port", str(port), "--gevent-port", str(free_port(port))]
    return [*result, "--workers", str(workers), "--max-cron-threads", str(cron_threads), *options]


def _wait_for_answer(port: int, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    # The server is on this machine: a proxy of the environment is not for it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SetupError("Odoo's server ended while starting", "Read its log.", log)
        try:
            with opener.open(f"http://127.0.0.1:{port}/web/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SetupError(f"Odoo's server did not answer within {_START_SECONDS} s", "Read its log.", log)
