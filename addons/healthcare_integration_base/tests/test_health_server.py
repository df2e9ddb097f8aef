import socket
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from odoo.tests import get_db_name, tagged

from .command_common import environment_of_odoo, odoo_command, write_configuration
from .database_copy_common import DatabaseCopyCase

SERVER_WIDE = "base,web,healthcare_integration_base"
SECONDS_TO_START = 60


@tagged("post_install", "-at_install")
class TestHealthServer(DatabaseCopyCase):
    """A real server for several databases, which no request names by its host."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = f"{get_db_name()}-health"
        cls.addClassCleanup(cls._drop_database, cls.database)
        cls._restore_dump(get_db_name(), cls.database)
        with cls._environment(cls.database) as env:
            env["integration.instance"]._confirm_here()
            env.cr.execute("UPDATE ir_cron SET lastcall = now() AT TIME ZONE 'UTC'")
            cls.token = env["integration.monitoring.token"]._renew()
        folder = tempfile.TemporaryDirectory(prefix="integration-health-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls._start_server()

    @classmethod
    def _start_server(cls):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        cls.url = f"http://127.0.0.1:{port}"
        write_configuration(cls.folder)
        options = ["--http-interface=127.0.0.1", f"--http-port={port}", "--max-cron-threads=0"]
        cls.log = (cls.folder / "log").open("wb")
        cls.addClassCleanup(cls.log.close)
        cls.server = subprocess.Popen(
            odoo_command("server", f"--load={SERVER_WIDE}", *options),
            env=environment_of_odoo(cls.folder),
            stderr=cls.log,
            cwd=cls.folder,
        )
        cls.addClassCleanup(cls._stop_server)
        cls._await_server()

    @classmethod
    def _await_server(cls):
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and cls.server.poll() is None:
            try:
                return requests.get(f"{cls.url}/integration/health/live", timeout=30)
            except requests.ConnectionError:
                time.sleep(0.2)
        raise RuntimeError((cls.folder / "log").read_text()[-2000:])

    @classmethod
    def _stop_server(cls):
        cls.server.kill()
        cls.server.wait()

    def _get(self, path, token=None, **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return requests.get(f"{self.url}{path}", headers=headers, timeout=60)

    def test_a_process_is_alive_without_a_database(self):
        answer = self._get("/integration/health/live")
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "pass"}))

    def test_the_database_is_named_in_the_query_or_by_the_header(self):
        for path, headers in (
            (f"/integration/health?db={self.database}", {}),
            ("/integration/health", {"X-Odoo-Database": self.database}),
        ):
            answer = self._get(path, self.token, **headers)
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertEqual(len(answer.json()["checks"]), 6)
        metrics = self._get(f"/integration/metrics?db={self.database}", self.token)
        self.assertIn("healthcare_integration_task_backlog_seconds", metrics.text)

    def test_without_a_database_or_with_a_wrong_one_nothing_is_told(self):
        wrong = ("no-such-database", "postgresql://127.0.0.1:1/x", "a%00b")
        for path in ("/integration/health", *(f"/integration/health?db={name}" for name in wrong)):
            answer = self._get(path, self.token)
            self.assertEqual((answer.status_code, answer.json()), (503, {"status": "fail"}), path)
        self.assertEqual(self._get("/integration/metrics", self.token).status_code, 401)
