"""Odoo's own command line in a process of its own, configured as the test's."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import odoo
from odoo.tests import get_db_name
from odoo.tools import config

from .database_copy_common import DatabaseCopyCase

ODOO_FOLDER = Path(odoo.__path__[0]).parent
COPIED_OPTIONS = ("data_dir", "db_host", "db_port", "db_user", "db_password")


def write_configuration(folder):
    """Write an ``odoo.conf`` with the addons, the data folder and the database server of this process."""
    options = {name: config[name] for name in COPIED_OPTIONS if config[name]}
    options["addons_path"] = ",".join(config["addons_path"])
    lines = [f"{name} = {value}" for name, value in options.items()]
    (folder / "odoo.conf").write_text("\n".join(["[options]", *lines, ""]))


def odoo_command(*arguments):
    """Return the command line of a process of Odoo."""
    return [sys.executable, "-W", "ignore", "-m", "odoo", *arguments]


def environment_of_odoo(folder):
    """Return the environment of a process that reads the configuration in ``folder``."""
    environment = {name: value for name, value in os.environ.items() if name != "PGDATABASE"}
    return {
        **environment,
        "ODOO_RC": str(folder / "odoo.conf"),
        "PYTHONPATH": os.pathsep.join([str(ODOO_FOLDER), *filter(None, sys.path)]),
    }


class CommandCase(DatabaseCopyCase):
    """The real command, in a process of its own, on a copy of the database, with a mailbox to fetch from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = f"{get_db_name()}-command"
        cls.addClassCleanup(cls._drop_database, cls.database)
        cls._restore_dump(get_db_name(), cls.database)
        folder = tempfile.TemporaryDirectory(prefix="integration-command-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        write_configuration(cls.folder)
        with cls._environment(cls.database) as env:
            env["integration.instance"]._confirm_here()
            cls.endpoint_id = cls._create_endpoint(env).id

    @classmethod
    def _create_endpoint(cls, env, name="Command mailbox", inbox="inbox"):
        system = env["integration.system"].search([("code", "=", "COMMAND")]) or env[
            "integration.system"
        ].create({"name": "Command", "code": "COMMAND", "state": "live"})
        (cls.folder / inbox).mkdir()
        endpoint = env["integration.endpoint"].create(
            {
                "name": name,
                "system_id": system.id,
                "transport": "folder",
                "base_path": str(cls.folder),
                "inbox_path": inbox,
                "quiet_seconds": 0,
            }
        )
        endpoint.action_activate()
        return endpoint

    def _run(self, *arguments, status=0, database=None):
        """Return what the command prints.

        :param status: exit code that is expected
        """
        command = odoo_command("integration", *arguments)
        if database is not False:
            command += ["--database", database or self.database]
        run = subprocess.run(
            command,
            env=environment_of_odoo(self.folder),
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.folder,
        )
        self.assertEqual(run.returncode, status, run.stderr[-3000:])
        self.assertNotIn("Traceback", run.stderr)
        return run

    def _run_json(self, *arguments, status=0):
        return json.loads(self._run(*arguments, "--json", status=status).stdout)

    def _import(self, content, name="remittance.835", *where):
        path = self.folder / name
        path.write_bytes(content)
        return self._run_json("import", str(path), *(where or ("--endpoint", str(self.endpoint_id))))

    def _audited(self, event):
        """Return the details of the entries of an event, oldest first."""
        with self._environment(self.database) as env:
            entries = env["integration.audit.entry"].search([("event", "=", event)], order="id")
            return [json.loads(entry.detail) for entry in entries]
