import getpass
import importlib.util
import json
import os
import pwd
import subprocess
import tempfile
from pathlib import Path

from odoo.cli.command import Command
from odoo.tests import BaseCase, get_db_name, tagged

from .command_common import environment_of_odoo, odoo_command, write_configuration
from .database_copy_common import DatabaseCopyCase
from .intake_common import x12_file


@tagged("post_install", "-at_install")
class TestCommand(DatabaseCopyCase):
    """The real command, in a process of its own, on a copy of the database."""

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
    def _create_endpoint(cls, env):
        system = env["integration.system"].create({"name": "Command", "code": "COMMAND", "state": "live"})
        (cls.folder / "inbox").mkdir()
        endpoint = env["integration.endpoint"].create(
            {
                "name": "Command mailbox",
                "system_id": system.id,
                "transport": "folder",
                "base_path": str(cls.folder),
                "inbox_path": "inbox",
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

    def _import(self, content, name="remittance.835"):
        path = self.folder / name
        path.write_bytes(content)
        return self._run_json("import", str(path), "--endpoint", str(self.endpoint_id))

    def _audited(self, event):
        """Return the details of the entries of an event, oldest first."""
        with self._environment(self.database) as env:
            entries = env["integration.audit.entry"].search([("event", "=", event)], order="id")
            return [json.loads(entry.detail) for entry in entries]

    def test_a_file_is_imported_once_drained_and_replayed(self):
        imported = self._import(x12_file([["BPR", "I", "100"]]))
        self.assertEqual((imported["state"], imported["duplicate_of"]), ("received", None))
        repeated = self._import(x12_file([["BPR", "I", "100"]]), name="repeated.835")
        self.assertEqual((repeated["state"], repeated["duplicate_of"]), ("duplicate", imported["message"]))
        # The file is split; its transaction has no route, so that its task dies and says so.
        drained = self._run_json("drain", status=1)
        self.assertEqual(drained, {"is_empty": True, "done": 1, "dead": 1})
        self.assertEqual(self._run_json("drain"), {"is_empty": True, "done": 0, "dead": 0})
        domain = f"[('parent_id', '=', {imported['message']}), ('state', '=', 'held')]"
        replayed = self._run_json("replay", "--domain", domain, "--reason", "Routes were added")
        self.assertEqual(len(replayed["messages"]), 1)
        self.assertEqual(self._run_json("drain", status=1)["dead"], 1)
        user = getpass.getuser()
        self.assertEqual([entry["os_user"] for entry in self._audited("command.import")], [user] * 2)
        self.assertEqual(
            self._audited("message.replayed"), [{"os_user": user, "reason": "Routes were added"}]
        )

    def test_status_tells_what_is_not_in_order(self):
        status = self._run_json("status", status=1)
        failed = [check["code"] for check in status["checks"] if check["state"] == "failure"]
        self.assertEqual((status["is_ready"], failed), (False, ["lanes.recent"]))
        table = self._run("status", status=1).stdout
        self.assertIn("Command mailbox", table)
        with self._environment(self.database) as env:
            env.cr.execute("UPDATE ir_cron SET lastcall = now() AT TIME ZONE 'UTC'")
        self.assertTrue(self._run_json("status")["is_ready"])

    def test_lanes_are_stopped_and_started(self):
        self.assertFalse(self._run_json("drain", "--stop", "--seconds", "20")["is_running"])
        with self._environment(self.database) as env:
            self.assertFalse(env["integration.queue"]._lanes())
        started = self._run_json("drain", "--start")
        with self._environment(self.database) as env:
            self.assertEqual(env["integration.queue"]._lanes().ids, started["lanes"])

    def test_a_lane_at_work_is_waited_for_and_not_taken_for_stopped(self):
        with self._environment(self.database) as env:
            env.cr.execute(
                "SELECT 1 FROM ir_cron WHERE id = ANY(%s) FOR NO KEY UPDATE",
                (env["integration.queue"]._lanes().ids,),
            )
            stopped = self._run_json("drain", "--stop", "--seconds", "2", status=1)
        self.assertFalse(stopped["is_switched"])

    def test_the_audit_log_is_verified_and_its_head_exported(self):
        with self._environment(self.database) as env:
            env["integration.audit.entry"]._record("test.command")
        with self._environment(self.database) as env:
            # Whatever other databases of the cluster are doing must not keep the entry from being sealed.
            env["integration.audit.seal"]._seal(end_transaction=2**62)
        exported = self._run("export-audit-head").stdout
        head = self.folder / "head.json"
        head.write_text(exported)
        self.assertTrue(self._run_json("verify-audit", "--head", str(head))["is_intact"])
        head.write_text(json.dumps({**json.loads(exported), "number": 4711}))
        verified = self._run_json("verify-audit", "--head", str(head), status=1)
        self.assertEqual(verified["findings"], [{"kind": "cut_off", "seal": 4711, "entry": None}])
        head.write_text("no head")
        self.assertIn("is no head", self._run("verify-audit", "--head", str(head), status=1).stderr)

    def test_keys_are_rotated_and_a_mailbox_is_looked_into(self):
        self.assertEqual(self._run_json("rotate-keys")["retired"], [])
        self.assertEqual(
            self._run_json("run-flow", "--endpoint", "Command mailbox")["endpoint"], self.endpoint_id
        )
        self.assertTrue(self._audited("command.run_flow"))

    def test_mistakes_are_told_in_one_sentence(self):
        empty = self.folder / "empty.835"
        empty.write_bytes(b"")
        for arguments, sentence in (
            (("import", str(empty), "--endpoint", str(self.endpoint_id)), "The file is empty"),
            (("run-flow", "--flow", "unknown"), "0 endpoints fit “unknown”"),
            (("replay", "--ids", "999999", "--reason", "x"), "There is no message 999999"),
        ):
            with self.subTest(arguments=arguments):
                self.assertIn(sentence, self._run(*arguments, status=1).stderr)
        error = json.loads(self._run("status", "--json", database="no-such-database", status=1).stdout)
        self.assertIn("no-such-database cannot be opened", error["error"])

    def test_wrong_usage_ends_with_the_usage(self):
        for arguments in (("import", "file"), ("replay", "--reason", "x")):
            with self.subTest(arguments=arguments):
                self.assertIn("usage:", self._run(*arguments, status=2, database=False).stderr)


@tagged("post_install", "-at_install")
class TestOsUser(BaseCase):
    def test_a_user_without_an_entry_is_named_by_its_number(self):
        path = Path(__file__).parent.parent / "cli" / "integration.py"
        specification = importlib.util.spec_from_file_location("integration_command_line", path)
        command_line = importlib.util.module_from_spec(specification)
        # The class registers itself as the command of its name a second time.
        self.patch(Command, "__init_subclass__", classmethod(lambda cls: None))
        specification.loader.exec_module(command_line)
        self.assertEqual(command_line.os_user(), getpass.getuser())
        used = {entry.pw_uid for entry in pwd.getpwall()}
        nameless = next(number for number in range(60_000, 2**31) if number not in used)
        self.patch(os, "getuid", lambda: nameless)
        self.assertEqual(command_line.os_user(), f"uid {nameless}")
