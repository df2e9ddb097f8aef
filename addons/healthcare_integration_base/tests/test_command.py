import getpass
import importlib.util
import json
import os
import pwd
from pathlib import Path

from odoo.cli.command import Command
from odoo.tests import BaseCase, tagged

from .command_common import CommandCase
from .intake_common import x12_file


@tagged("post_install", "-at_install")
class TestCommand(CommandCase):
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
