"""Worker processes that run Odoo's crons on one database and may be killed, and what became of the work."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
from provisioning import environment, processes
from provisioning.odoo_process import Odoo

FOLDER = Path(__file__).resolve().parent
LOOK_SECONDS = 0.02


class Fleet:
    """Two or more processes that run what is due, as Odoo's cron workers do.

    :ivar kills: how many processes were killed so far
    """

    def __init__(self, odoo: Odoo, database: str, folder: Path):
        self.database = database
        self.folder = folder
        self.kills = 0
        self._odoo = odoo
        self._workers: list[subprocess.Popen] = []
        self._connection = psycopg2.connect(dbname=database, **_connection_values(odoo))
        self._connection.autocommit = True

    # === PROCESSES === #

    def prepare(self, *arguments: str) -> None:
        """Run functions of ``prepare.py`` to their end."""
        command = [environment.PYTHON, FOLDER / "run.py", "prepare", self.database, *arguments]
        run = subprocess.run(
            [str(part) for part in command], env=self._odoo.variables(), capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr[-4000:]
        # What autovacuum does in a minute.
        with self._connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    @contextlib.contextmanager
    def working(self, count: int = 2) -> Iterator[Fleet]:
        """Have worker processes running for the length of the block."""
        with contextlib.ExitStack() as stack:
            self._stack = stack
            self._workers = [self._start() for _worker in range(count)]
            yield self

    def _start(self) -> subprocess.Popen:
        log = (self.folder / "workers.log").open("ab")
        self._stack.callback(log.close)
        command = [environment.PYTHON, FOLDER / "run.py", "lane_worker", self.database]
        return self._stack.enter_context(
            processes.started(command, env=self._odoo.variables(), stdout=log, stderr=log)
        )

    def kill(self, process_id: int) -> None:
        """Kill one worker without warning (SIGKILL) and start another in its place."""
        [victim] = [worker for worker in self._workers if worker.pid == process_id]
        victim.kill()
        victim.wait()
        self._workers.remove(victim)
        self._workers.append(self._start())
        self.kills += 1

    def log(self) -> str:
        return (self.folder / "workers.log").read_text(encoding="utf-8", errors="replace")

    # === WHAT THEY DO === #

    def query(self, query: str, *values) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()

    def value(self, query: str, *values):
        return self.query(query, *values)[0][0]

    def busy(self, method: str) -> int | None:
        """Return the process id of a worker that has claimed tasks of a method; None if there is none."""
        rows = self.query(
            """
            SELECT split_part(worker, ':', 2)::integer
              FROM integration_task JOIN integration_lease ON token = claim_token
             WHERE integration_task.state = 'running' AND method_name = %s
             GROUP BY worker ORDER BY count(*) DESC
            """,
            method,
        )
        alive = {worker.pid for worker in self._workers}
        return next((process_id for (process_id,) in rows if process_id in alive), None)

    def wait_until(self, condition: Callable[[], object], seconds: float = 60):
        """Return what ``condition`` returns as soon as that is true; fail after so many seconds."""
        end = time.monotonic() + seconds
        while not (result := condition()):
            assert time.monotonic() < end, f"{self.states()}\n{self.log()[-4000:]}"
            assert all(worker.poll() is None for worker in self._workers), self.log()[-4000:]
            time.sleep(LOOK_SECONDS)
        return result

    def states(self) -> dict[tuple[str, str], int]:
        """Return how many tasks there are of each method and state."""
        rows = self.query("SELECT method_name, state, count(*) FROM integration_task GROUP BY 1, 2")
        return {(method, state): count for method, state, count in rows}

    def is_idle(self) -> bool:
        """Tell whether no task is left to be run."""
        return not self.value(
            "SELECT count(*) FROM integration_task WHERE state IN ('pending', 'waiting', 'running')"
        )

    def assert_in_order(self) -> None:
        """Fail if a task died, a claim is left over, or the scheduler saw a cron fail or switched it off."""
        assert not self.value("SELECT count(*) FROM integration_task WHERE state = 'dead'"), self.query(
            "SELECT description, error FROM integration_task WHERE state = 'dead'"
        )
        assert not self.value("SELECT count(*) FROM integration_task WHERE claim_token IS NOT NULL")
        failed = self.query(
            """
            SELECT cron_name FROM ir_cron JOIN integration_fault_cron ON ir_cron.id = cron_id
             WHERE NOT active OR failure_count > 0
            """
        )
        assert not failed


def _connection_values(odoo: Odoo) -> dict[str, str]:
    names = {
        "PGHOST": "host",
        "PGPORT": "port",
        "PGUSER": "user",
        "PGPASSWORD": "password",
        "PGPASSFILE": "passfile",
    }
    return {names[name]: value for name, value in odoo.server.variables.items() if name in names}
