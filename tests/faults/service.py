"""Odoo's server as a service manager runs it: when its main process ends, it is started again."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
from provisioning import odoo_server, processes
from provisioning.odoo_process import Odoo
from provisioning.ports import free_port

#: As systemd's ``RestartSec``.
PAUSE_SECONDS = 1


class Service:
    """A server with processes for requests and for scheduled actions.

    Odoo starts killed workers again itself. Its main process ends when PostgreSQL is away at that moment.

    :ivar starts: how often the server was started
    """

    def __init__(self, odoo: Odoo, database: str, log: Path, workers: int, cron_workers: int):
        self.starts = 0
        self.size = workers + cron_workers
        self._odoo = odoo
        self._log = log
        self._port = free_port()
        self._command = odoo_server.command(odoo, database, self._port, workers, cron_workers)
        self._stopped = threading.Event()
        self._process: subprocess.Popen | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[Service]:
        """Have the server run for the length of the block."""
        manager = threading.Thread(target=self._manage)
        manager.start()
        try:
            yield self
        finally:
            self._stopped.set()
            manager.join()

    def _manage(self) -> None:
        with self._log.open("ab") as log:
            while not self._stopped.wait(PAUSE_SECONDS if self.starts else 0):
                self.starts += 1
                with processes.started(
                    self._command,
                    env=self._odoo.variables(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                ) as self._process:
                    while self._process.poll() is None and not self._stopped.wait(0.1):
                        pass

    def worker_ids(self) -> set[int]:
        """Return the process ids of the workers."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return {child.pid for child in psutil.Process(self._process.pid).children()}
        return set()

    def answers(self) -> bool:
        """Tell whether the server shows its web client."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self._port}/web/login", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False
