"""Worker processes that run Odoo's crons on one database and may be killed, and what became of the work."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from provisioning import environment, paths, processes
from provisioning.failure import tail
from provisioning.odoo_process import Odoo

from tests.odoo_logs import OdooLogs

FOLDER = Path(__file__).resolve().parent
LOOK_SECONDS = 0.02
#: How long a server may be away before looking at it is given up.
AWAY_SECONDS = 60
#: How often a cron that counts as failed is called again.
REMIND_SECONDS = 2


@dataclass(frozen=True)
class Host:
    """What tells the processes of one host from those of another.

    :ivar variables: environment variables besides those of the set-up
    """

    variables: Mapping[str, str] = field(default_factory=dict)

    def with_variables(self, **variables: str) -> Host:
        """Return the same host with more environment variables."""
        return Host({**self.variables, **variables})


class Fleet:
    """Two or more processes that run what is due, as Odoo's cron workers do.

    :param logs: of another fleet, to share them; by default its own, below its folder
    :ivar kills: how many processes were killed so far
    :ivar may_end: whether a worker may end by itself: Odoo's do when the database server vanishes
    """

    def __init__(self, odoo: Odoo, database: str, folder: Path, logs: OdooLogs | None = None):
        self.database = database
        self.folder = folder
        self.logs = logs or OdooLogs(folder / "logs")
        self.kills = 0
        self.may_end = False
        self._odoo = odoo
        self._workers: list[subprocess.Popen] = []
        self._hosts: dict[int, Host] = {}
        self._connection = self._connect()

    # === PROCESSES === #

    def prepare(self, *arguments: str) -> str:
        """Run functions of ``prepare.py`` to their end, and return what they print."""
        command = [environment.PYTHON, FOLDER / "run.py", "prepare", self.database, *arguments]
        log = self.logs.new("prepare")
        with log.open("wb") as errors:
            run = subprocess.run(
                [str(part) for part in command],
                env=self._odoo.variables(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert run.returncode == 0, "\n".join(tail(log, 60))
        # What autovacuum does in a minute.
        self.execute("ANALYZE")
        return run.stdout

    def host(self, name: str, **settings: object) -> Host:
        """Return a host with a data folder and a configuration of its own.

        :param settings: lines of ``odoo.conf`` besides those of the set-up
        """
        configuration = self.folder / f"{name}.conf"
        settings = {"data_dir": self.folder / name, **settings}
        kept = [
            line
            for line in Path(self._odoo.variables()["ODOO_RC"]).read_text(encoding="utf-8").splitlines()
            if line.partition("=")[0].strip() not in settings
        ]
        lines = [*kept, *(f"{key} = {value}" for key, value in settings.items())]
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return Host({"ODOO_RC": str(configuration)})

    @contextlib.contextmanager
    def working(self, count: int = 2, hosts: Sequence[Host] = (Host(),)) -> Iterator[Fleet]:
        """Have worker processes running for the length of the block, so many on each host.

        They begin at the same moment, when all of them are ready.
        """
        with contextlib.ExitStack() as stack:
            self._stack = stack
            self._gate = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self.folder)))
            self._workers = [self._start(host) for host in hosts for _worker in range(count)]
            self.wait_until(lambda: len(list(self._gate.glob("ready-*"))) >= len(self._workers))
            (self._gate / "open").touch()
            yield self
        self._workers = []

    def _start(self, host: Host) -> subprocess.Popen:
        log = self.logs.new("worker").open("ab")
        self._stack.callback(log.close)
        command = [environment.PYTHON, FOLDER / "run.py", "lane_worker", self.database]
        command.append(self._gate)
        variables = {**self._odoo.variables(), **host.variables}
        worker = self._stack.enter_context(processes.started(command, env=variables, stdout=log, stderr=log))
        self._hosts[worker.pid] = host
        return worker

    def process_ids(self, host: Host) -> set[int]:
        """Return the numbers of all processes that ever ran on a host."""
        return {process_id for process_id, its in self._hosts.items() if its is host}

    def kill(self, process_id: int) -> None:
        """Kill one worker without warning (SIGKILL) and start another in its place."""
        [victim] = [worker for worker in self._workers if worker.pid == process_id]
        victim.kill()
        victim.wait()
        self._workers.remove(victim)
        self._workers.append(self._start(self._hosts[process_id]))
        self.kills += 1

    def log(self) -> str:
        return self.logs.text()

    # === WHAT THEY DO === #

    def query(self, query: str, *values) -> list[tuple]:
        """Return the rows of a query; a server that is being restarted is waited for."""
        return self._run(query, values)

    def _run(self, statements: str, values: tuple | None = None) -> list[tuple]:
        try:
            return self._rows(statements, values)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self._connection = self._connect()
            return self._rows(statements, values)

    def _rows(self, statements: str, values: tuple | None) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(statements, values)
            return cursor.fetchall() if cursor.description else []

    def _connect(self):
        end = time.monotonic() + AWAY_SECONDS
        while True:
            try:
                connection = psycopg2.connect(dbname=self.database, **_connection_values(self._odoo))
            except psycopg2.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(LOOK_SECONDS)
            else:
                connection.autocommit = True
                return connection

    def hang_up(self) -> None:
        """Close the connection that the database is looked at through; the next look opens another."""
        self._connection.close()

    def value(self, query: str, *values):
        return self.query(query, *values)[0][0]

    def busy(self, method: str, among: Collection[int] = ()) -> int | None:
        """Return the process id of a worker that has claimed tasks of a method; None if there is none.

        :param among: process ids of workers that are not the fleet's own
        """
        rows = self.query(
            """
            SELECT split_part(worker, ':', 2)::integer
              FROM integration_task JOIN integration_lease ON token = claim_token
             WHERE integration_task.state = 'running' AND method_name = %s
             GROUP BY worker ORDER BY count(*) DESC
            """,
            method,
        )
        alive = among or {worker.pid for worker in self._workers}
        return next((process_id for (process_id,) in rows if process_id in alive), None)

    def wait_until(self, condition: Callable[[], object], seconds: float = 120):
        """Return what ``condition`` returns as soon as that is true; fail after so many seconds."""
        end = time.monotonic() + seconds
        while not (result := condition()):
            assert time.monotonic() < end, f"{self.states()}\n{self.log()[-4000:]}"
            self._look_after_workers()
            time.sleep(LOOK_SECONDS)
        return result

    def _look_after_workers(self) -> None:
        """Replace workers that ended by themselves, as Odoo's own server does, where that is no fault."""
        for worker in [worker for worker in self._workers if worker.poll() is not None]:
            assert self.may_end, self.log()[-4000:]
            self._workers.remove(worker)
            self._workers.append(self._start(self._hosts[worker.pid]))

    def execute(self, statements: str) -> None:
        """Run SQL, again where the server was being restarted."""
        self._run(statements)

    def pass_time(self) -> None:
        """Have everything that waits for a time be due now, as if that time had come."""
        # Each in a transaction of its own: one with several locks could deadlock with a worker.
        self.execute(
            "UPDATE integration_task SET eta = now() AT TIME ZONE 'UTC'"
            " WHERE state = 'waiting' AND eta IS NOT NULL"
        )
        self.look_now()
        self._trigger("TRUE")

    def look_now(self) -> None:
        """Have the mailboxes be due for a look, as if their minutes had passed; nothing else."""
        self.execute(
            "UPDATE integration_endpoint SET next_poll_at = now() AT TIME ZONE 'UTC' WHERE state = 'active'"
        )
        self._trigger("code = 'model._cron_poll()'")

    def wake_lanes(self) -> None:
        """Have the lanes look for work, as whoever enqueues tasks does."""
        self._trigger("code = 'model._cron_run_lane()'")

    def _trigger(self, condition: str) -> None:
        """Have crons of the suite be due, of whose server actions the condition is true."""
        self.execute(
            "INSERT INTO ir_cron_trigger (cron_id, call_at) SELECT cron_id, now() AT TIME ZONE 'UTC'"
            " FROM integration_fault_cron JOIN ir_cron ON ir_cron.id = cron_id"
            f" JOIN ir_act_server AS action ON action.id = ir_actions_server_id WHERE {condition}"
        )

    def settle_lanes(self) -> None:
        """Wait until no cron counts as failed.

        Odoo's scheduler leaves a cron out once that was ended three times in a row with nothing done, as the
        workers of several tests on one database are.
        """
        self.pass_time()
        reminded = time.monotonic()

        def none_failed():
            nonlocal reminded
            if time.monotonic() - reminded > REMIND_SECONDS:
                self._trigger("failure_count > 0")
                reminded = time.monotonic()
            return not self.value("SELECT count(*) FROM ir_cron WHERE failure_count > 0")

        self.wait_until(none_failed, 90)

    def clock_of(self, host: Host) -> float:
        """Return the time of a host, in seconds since 1970, as a program there sees it."""
        command = [str(environment.PYTHON), "-c", "import time; print(time.time())"]
        variables = {**self._odoo.variables(), **host.variables}
        return float(subprocess.run(command, env=variables, capture_output=True, check=True).stdout)

    @property
    def data_folder(self) -> Path:
        """The data folder of the set-up's own configuration."""
        return paths.DATA

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
        assert not failed, f"{failed}\n{self.log()[-4000:]}"


def _connection_values(odoo: Odoo) -> dict[str, str]:
    names = {
        "PGHOST": "host",
        "PGPORT": "port",
        "PGUSER": "user",
        "PGPASSWORD": "password",
        "PGPASSFILE": "passfile",
    }
    return {names[name]: value for name, value in odoo.server.variables.items() if name in names}
