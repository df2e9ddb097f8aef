"""A PostgreSQL server of a test's own, which may be broken while work goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator

from provisioning.cluster import Cluster
from provisioning.odoo_process import Odoo
from provisioning.postgres import Server

from tests.sandbox.database_server import throw_away

_STOP_SECONDS = 60


class OwnServer:
    """A throw-away server with one database, restored from a dump of a database of the shared server.

    :ivar odoo: Odoo on this server
    """

    def __init__(self, shared: Odoo, cluster: Cluster):
        self._shared = shared
        self._cluster = cluster
        self._cluster.join()
        self.odoo = Odoo(shared.source, Server(self._cluster.variables(), shared.server.binaries))

    @classmethod
    @contextlib.contextmanager
    def running(cls, shared: Odoo) -> Iterator[OwnServer]:
        """Have a server for the length of the block."""
        with throw_away() as cluster:
            server = cls(shared, cluster)
            try:
                yield server
            finally:
                server._cluster.leave()

    def restore(self, source: str, target: str) -> None:
        """Restore a dump of ``source`` on the shared server as ``target`` on this one."""
        self.odoo.server.query(f'CREATE DATABASE "{target}" TEMPLATE template0')
        dump = self._command(self._shared, "pg_dump", "--format=custom", "--compress=0", "--no-owner", source)
        restore = self._command(
            self.odoo, "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={target}"
        )
        with subprocess.Popen(**dump, stdout=subprocess.PIPE) as writer:
            subprocess.run(**restore, stdin=writer.stdout, check=True)
        assert writer.returncode == 0

    def crash(self) -> None:
        """Have the server die as in a power cut, and start it again; it recovers from its log."""
        before = self._cluster
        process_id = before.postmaster_pid()
        os.kill(process_id, signal.SIGQUIT)
        deadline = time.monotonic() + _STOP_SECONDS
        while before.postmaster_pid() == process_id:
            assert time.monotonic() < deadline, "PostgreSQL did not stop"
            time.sleep(0.05)
        self._cluster = Cluster(before.folder, before.binaries)
        self._cluster.join()
        before.leave()

    def _command(self, odoo: Odoo, program: str, *arguments: str) -> dict:
        return {"args": [str(odoo.server.binaries / program), *arguments], "env": odoo.variables()}
