"""A real Odoo server with worker processes on a database of its own, and what it uses while it works."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2
from provisioning import paths, processes, test_environment

from odoo.sql_db import connection_info_for

from . import databases

SAMPLE_SECONDS = 0.1
LOOK_SECONDS = 0.05
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

    :param options: Odoo's command line besides the database and the addons
    :param addons: folders of addons besides the suite's and the benchmarks'
    :param variables: environment variables besides those of the set-up
    :ivar usage: filled while the server runs; replace it to start anew
    """

    def __init__(
        self,
        database: str,
        options: Sequence[str],
        addons: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
    ):
        odoo = test_environment.inherited()
        self.database = database
        self.usage = Usage()
        self._command = odoo.command("-d", database, databases.addons_path(*addons), *options)
        self._variables = {**odoo.variables(), **(variables or {})}
        self._connection = connect(database)
        # What else a database does by the clock is not what is measured.
        self.execute(
            "UPDATE ir_cron SET active = false FROM ir_act_server AS action"
            " WHERE action.id = ir_actions_server_id AND code <> 'model._cron_run_lane()'"
        )

    def execute(self, query: str, *values) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def wait_while(self, condition: Callable[[], object]) -> None:
        """Wait until the condition no longer holds; fail when the server has ended by itself."""
        while condition():
            assert self._process.poll() is None, f"the server of {self.database} has ended; read its log"
            time.sleep(LOOK_SECONDS)

    @contextlib.contextmanager
    def running(self, settle_seconds: float = 8) -> Iterator[None]:
        """Have the server run for the length of the block; it is given time to start its workers."""
        with (
            (paths.LOGS / f"benchmark-server-{self.database}.log").open("wb") as log,
            processes.started(
                self._command, env=self._variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            ) as process,
        ):
            self._process = process
            time.sleep(settle_seconds)
            stop = threading.Event()
            watch = threading.Thread(target=self._watch, args=(process.pid, stop))
            watch.start()
            try:
                yield
            finally:
                stop.set()
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
