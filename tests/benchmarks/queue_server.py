"""A real Odoo server with worker processes on a database of its own, and what it uses while it works."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2

from odoo.sql_db import connection_info_for
from odoo.tools import config

SAMPLE_SECONDS = 0.1
MIB = 1 << 20


@dataclass
class Usage:
    """The most that was in use at one time, and the processor time of workers and database backends."""

    connections: int = 0
    worker_mib: float = 0.0
    by_worker: dict[int, float] = field(default_factory=dict)
    first_cpu: dict[int, float] = field(default_factory=dict)
    last_cpu: dict[int, float] = field(default_factory=dict)

    def note_cpu(self, process: psutil.Process) -> None:
        times = process.cpu_times()
        seconds = times.user + times.system
        self.first_cpu.setdefault(process.pid, seconds)
        self.last_cpu[process.pid] = seconds

    @property
    def cpu_seconds(self) -> float:
        return sum(seconds - self.first_cpu[pid] for pid, seconds in self.last_cpu.items())


class Server:
    """An Odoo server; queries of the benchmark go through a connection of its own.

    :ivar usage: filled while the server runs; replace it to start anew
    """

    def __init__(self, database: str, addons: list[Path], arguments: list[str], variables: dict[str, str]):
        self.database = database
        self.usage = Usage()
        self._arguments = arguments
        self._variables = {**os.environ, **variables}
        self.addons = addons
        self._log = Path(tempfile.gettempdir()) / f"{database}.log"
        self._connection = None

    def command(self, *arguments: str) -> list[str]:
        launcher = [sys.executable, "-W", "ignore", sys.argv[0]]
        paths = ",".join(str(path) for path in [*config["addons_path"], *self.addons])
        return [*launcher, f"--addons-path={paths}", "-d", self.database, *arguments]

    def install(self, modules: list[str]) -> None:
        """Make the database anew with the modules in it; one that was kept is brought up to date."""
        kept = self._exists()
        with self._log.open("wb") as log:
            subprocess.run(
                self.command("-u" if kept else "-i", ",".join(modules), "--stop-after-init", "--no-http"),
                env=self._variables, stdout=log, stderr=log, check=True,
            )  # fmt: skip
        self._connection = connect(self.database)
        # What else a database does by the clock is not what is measured.
        self.execute(
            "UPDATE ir_cron SET active = false FROM ir_act_server AS action"
            " WHERE action.id = ir_actions_server_id AND code <> 'model._cron_run_lane()'"
        )

    def _exists(self) -> bool:
        with contextlib.closing(connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self.database,))
            return cursor.fetchone() is not None

    def drop(self) -> None:
        """Drop the database, unless BENCHMARK_KEEP asks to keep it for the next run."""
        if os.environ.get("BENCHMARK_KEEP"):
            return
        if self._connection:
            self._connection.close()
        with contextlib.closing(connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    def execute(self, query: str, *values) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def running(self, settle_seconds: float = 8) -> Iterator[None]:
        """Have the server run for the length of the block; it is given time to start its workers."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self.command(*self._arguments), env=self._variables, stdout=log, stderr=log
            )
            stop = threading.Event()
            watch = threading.Thread(target=self._watch, args=(process.pid, stop))
            try:
                time.sleep(settle_seconds)
                watch.start()
                yield
            finally:
                stop.set()
                process.send_signal(signal.SIGINT)
                process.wait(60)
                watch.join()

    def _watch(self, process_id: int, stop: threading.Event) -> None:
        with contextlib.closing(connect("postgres")) as connection:
            while not stop.wait(SAMPLE_SECONDS):
                with connection.cursor() as cursor:
                    # Cron workers hold a connection to "postgres" to be woken; this one is not theirs.
                    cursor.execute(
                        "SELECT pid FROM pg_stat_activity"
                        " WHERE datname IN (%s, 'postgres') AND application_name LIKE 'odoo-%%'",
                        (self.database,),
                    )
                    backends = [row[0] for row in cursor.fetchall()]
                self.usage.connections = max(self.usage.connections, len(backends))
                self._watch_processes(process_id, backends)

    def _watch_processes(self, process_id: int, backends: list[int]) -> None:
        for backend in backends:
            with contextlib.suppress(psutil.Error):
                self.usage.note_cpu(psutil.Process(backend))
        with contextlib.suppress(psutil.Error):
            for worker in psutil.Process(process_id).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    mib = worker.memory_info().rss / MIB
                    self.usage.by_worker[worker.pid] = mib
                    self.usage.note_cpu(worker)
                    self.usage.worker_mib = max(self.usage.worker_mib, mib)


def connect(database: str):
    """Return a connection in autocommit, as Odoo itself would connect."""
    _name, info = connection_info_for(database)
    info["application_name"] = "benchmark"
    connection = psycopg2.connect(**info)
    connection.autocommit = True
    return connection
