"""One PostgreSQL cluster in a folder, shared by the commands that use it, stopped after the last one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from . import secret_files
from .cluster_owner import ClusterOwner
from .failure import SetupError
from .locks import Usage, exclusive, is_held
from .ports import free_port, port_is_free
from .processes import run_logged

#: Crash safety stays on (fsync, full_page_writes): the demo and the fault tests rely on it. Minimal WAL makes
#: bulk loading cheap, and nothing replicates from here.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
ROLE = "odoo"
SUPERUSER = "postgres"
_START_SECONDS = 60
_STOP_SECONDS = 20


class Cluster:
    """A cluster with the databases of one checkout, or a throw-away one of a test.

    :param folder: its data, passwords and logs; made when there is none
    :param binaries: PostgreSQL's programs
    :param settings: what to set besides :data:`SETTINGS`
    """

    def __init__(self, folder: Path, binaries: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "postgres.log"
        self.binaries = binaries
        self.usage = Usage(folder / "in-use.lock")
        self.keeper_lock = folder / "keeper.lock"
        self._settings = dict(settings or {})
        self._keeper: subprocess.Popen | None = None

    def join(self) -> None:
        """Count this process as a user of the server, and start the server if it does not run.

        :raises SetupError: it could not be made or started
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.usage.join()
        try:
            with exclusive(self.folder / "start.lock"):
                self._ensure_running()
        except BaseException:
            self.usage.leave()
            raise

    def leave(self) -> None:
        """Count this process out; when it was the last user, wait until its keeper has stopped the server."""
        if self.usage.leave():
            _wait_until(lambda: not self.postmaster_pid(), _STOP_SECONDS)

    def variables(self, role: str = ROLE) -> dict[str, str]:
        """Return libpq's variables to connect as a role of the cluster."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port()),
            "PGUSER": role,
            "PGPASSFILE": str(self.folder / "passwords"),
        }

    def port(self) -> int:
        """Return the port that the server listens at."""
        return int((self.folder / "port").read_text(encoding="utf-8"))

    def answers(self) -> bool:
        """Tell whether the server of this folder runs and takes connections."""
        if not self.postmaster_pid():
            return False
        command = [self.binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port())]
        return subprocess.run(command, check=False).returncode == 0

    def postmaster_pid(self) -> int:
        """Return the process id of this folder's server; 0 when none runs.

        A number left behind by a machine that went down may belong to another program by now: the process
        must be a PostgreSQL of this data folder.
        """
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="utf-8").split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            return 0
        return pid if b"-D" in command and os.fsencode(self.data) in command else 0

    def serve(self) -> subprocess.Popen:
        """Start the server's own process; the caller is its keeper."""
        arguments: list[str | Path] = ["-D", self.data, "-p", str(self.port())]
        for name, value in {**SETTINGS, **self._settings}.items():
            arguments += ["-c", f"{name}={value}"]
        owner = ClusterOwner.of(self.folder, self.binaries)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                owner.command([self.binaries / "postgres", *arguments]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                **owner.options(),
            )

    def stop(self) -> None:
        """Stop the server of this folder, whoever started it, and wait until it has ended."""
        pid = self.postmaster_pid()
        if not pid:
            return
        os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
        if not _wait_until(lambda: self.postmaster_pid() != pid, _STOP_SECONDS):
            os.kill(pid, signal.SIGQUIT)  # immediate shutdown: the next start recovers from the log
            _wait_until(lambda: self.postmaster_pid() != pid, _STOP_SECONDS)

    def _ensure_running(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._check_release()
        if not self.postmaster_pid():
            # PostgreSQL would refuse to start when another program has taken the number in an old file
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            self._choose_port()
        self._keeper = None
        _wait_until(self._is_decided, _START_SECONDS)
        if not self.answers():
            raise SetupError(
                "PostgreSQL did not start", f"Read its log; remove {self.folder} to begin anew.", self.log
            )
        if not (self.folder / "passwords").exists():
            self._make_role()

    def _check_release(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        command = [self.binaries / "postgres", "--version"]
        release = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
        if release.partition(".")[0] != made_by:
            raise SetupError(
                f"The databases in {self.folder} were made by PostgreSQL {made_by}, and this is {release}",
                f"Remove {self.folder} to begin anew; the demo's data is lost with it.",
            )

    def _is_decided(self) -> bool:
        """Tell whether the server answers or cannot start; one without a keeper gets one.

        The keeper of a server that has just ended may hold its lock for a moment more.
        """
        if self._keeper is None and not is_held(self.keeper_lock):
            self._keeper = self._start_keeper()
        return self.answers() or (self._keeper is not None and self._keeper.poll() is not None)

    def _start_keeper(self) -> subprocess.Popen:
        """Start the process that owns the server for as long as any command uses it."""
        keeper = Path(__file__).with_name("postgres_keeper.py")
        settings = [f"{name}={value}" for name, value in self._settings.items()]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, keeper, self.folder, self.binaries, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )

    def _choose_port(self) -> None:
        """Keep the port of the last time unless another program listens there now."""
        file = self.folder / "port"
        if not file.exists() or not port_is_free(self.port()):
            secret_files.write(file, str(free_port()))

    def _initialise(self) -> None:
        owner = ClusterOwner.of(self.folder, self.binaries)
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        password = self.folder / "initdb-password"
        secret_files.write(password, secret_files.generated(self.folder / "superuser-password"))
        owner.give(self.data)
        owner.give(password)
        options = [
            "-U",
            SUPERUSER,
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--pwfile",
            password,
        ]
        try:
            run_logged(
                owner.command([self.binaries / "initdb", "-D", self.data, *options]),
                self.log,
                "PostgreSQL's cluster could not be made",
                folder=Path("/"),
                **owner.options(),
            )
        finally:
            password.unlink()

    def _make_role(self) -> None:
        """Make Odoo's role: it owns databases and may read the server's identity, and is no superuser."""
        password = secret_files.generated(self.folder / "role-password")
        superuser = secret_files.generated(self.folder / "superuser-password")
        statements = f"""
            DROP ROLE IF EXISTS {ROLE};
            CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}' IN ROLE pg_monitor;
        """
        result = subprocess.run(
            [self.binaries / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "postgres"],
            check=False,
            input=statements,
            capture_output=True,
            text=True,
            env={**os.environ, **self.variables(SUPERUSER), "PGPASSWORD": superuser},
        )
        if result.returncode:
            raise SetupError(f"Odoo's database role could not be made: {result.stderr.strip()}", log=self.log)
        lines = [f"*:*:*:{ROLE}:{password}", f"*:*:*:{SUPERUSER}:{superuser}"]
        secret_files.write(self.folder / "passwords", "\n".join(lines) + "\n")


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return condition()
