import datetime
import os
import shutil

from odoo.tests import tagged

from ..errors import TransientError
from ..transports import ConfigurationError
from .intake_common import IntakeCase, x12_file

NOON = datetime.datetime(2026, 3, 16, 12, 0)
FILE = x12_file([["BPR", "I", "100"]])


def later(**distance):
    return NOON + datetime.timedelta(**distance)


@tagged("post_install", "-at_install")
class TestPolling(IntakeCase):
    def setUp(self):
        super().setUp()
        self.route()

    def _replace(self, name, content):
        """Replace a file by one of another version, whatever the resolution of the clock."""
        self.mailbox.drop(name, content)
        path = self.mailbox.root / "inbox" / name
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 10))

    def _look_at(self, moment):
        with self.frozen_clock(moment):
            self.look()

    # === WHEN A FILE IS TAKEN === #

    def test_a_growing_file_is_not_fetched(self):
        self.endpoint.quiet_seconds = 30
        self.mailbox.drop("a.835", FILE[:100])
        self._look_at(NOON)
        self._replace("a.835", FILE[:200])
        self._look_at(later(seconds=60))
        self._replace("a.835", FILE)
        self._look_at(later(seconds=120))
        self._look_at(later(seconds=140))
        self.assertFalse(self.messages(), "it has not been quiet for long enough")
        self._look_at(later(seconds=151))
        self.assertEqual(self.messages().state, "settled")
        self.assertEqual(self.messages()._payload(), FILE)

    def test_a_file_that_may_grow_is_looked_at_again_soon(self):
        self.endpoint.write({"quiet_seconds": 30, "poll_interval_minutes": 60})
        self.mailbox.drop("a.835", FILE)
        self._look_at(NOON)
        self.assertEqual(self.endpoint.next_poll_at, later(seconds=30))
        self._look_at(later(seconds=31))
        self.assertEqual(self.endpoint.next_poll_at, later(seconds=31, minutes=60))

    def test_a_file_that_was_replaced_after_the_look_is_left_for_the_next(self):
        self.mailbox.drop("a.835", FILE[:100])
        self.endpoint._poll()
        file = self.observed("a.835")
        self.assertEqual(file.state, "queued")
        self._replace("a.835", FILE)
        file._fetch()
        self.assertEqual((file.state, self.messages().ids), ("seen", []))
        self.look()
        self.assertEqual(self.messages()._payload(), FILE)

    def test_a_file_is_disposed_of_only_by_a_task_of_its_own(self):
        self.mailbox.drop("a.835", FILE)
        self.endpoint._poll()
        with self.trap_tasks() as trap:
            self.observed("a.835")._fetch()
        trap.assert_enqueued("integration.endpoint.file", "_dispose", records=self.observed("a.835"))
        self.assertEqual((self.mailbox.waiting(), self.mailbox.archived()), (["a.835"], []))
        self.observed("a.835")._dispose()
        self.assertEqual((self.mailbox.waiting(), self.mailbox.archived()), ([], ["a.835"]))

    def test_a_file_that_was_replaced_before_its_disposal_is_left_alone(self):
        self.mailbox.drop("a.835", FILE)
        self.endpoint._poll()
        self.observed("a.835")._fetch()
        other = x12_file([["BPR", "I", "200"]], control="2")
        self._replace("a.835", other)
        self.observed("a.835")._dispose()
        self.assertEqual((self.mailbox.waiting(), self.mailbox.archived()), (["a.835"], []))
        self.look()
        self.assertEqual([message._payload() for message in self.messages()], [FILE, other])

    def test_a_fetch_that_fails_leaves_the_file(self):
        self.mailbox.drop("a.835", FILE)
        self.endpoint._poll()
        shutil.rmtree(self.mailbox.root / "archive", ignore_errors=True)
        file = self.observed("a.835")
        file.endpoint_id.base_path = "/nowhere"
        self.run_tasks()
        self.assertEqual((file.state, self.messages().ids, self.mailbox.waiting()), ("queued", [], ["a.835"]))

    def test_steps_on_files_that_are_gone_end_quietly(self):
        self.mailbox.drop("a.835", FILE)
        self.endpoint._poll()
        file = self.observed("a.835")
        file._fetch()
        (self.mailbox.root / "inbox" / "a.835").unlink()
        self.endpoint._poll()
        self.assertFalse(file.exists())
        self.run_tasks()
        self.assert_no_dead_task()

    def test_a_file_that_left_before_it_was_fetched_is_not_forgotten(self):
        self.mailbox.drop("a.835", FILE)
        self.endpoint._poll()
        (self.mailbox.root / "inbox" / "a.835").unlink()
        self.endpoint._poll()
        with self.assertRaises(TransientError):
            self.observed("a.835")._fetch()
        self.mailbox.drop("a.835", FILE)
        self.look()
        self.assertEqual(len(self.messages()), 1)

    def test_only_due_active_receiving_mailboxes_are_looked_into(self):
        now = datetime.timedelta(minutes=1)
        endpoints = self.endpoint
        for values in ({"direction": "out", "outbox_path": "inbox"}, {"state": "paused"}, {}):
            endpoints += self.sandbox_endpoint(self.system, **values).endpoint
            endpoints[-1].write(values)
        endpoints[3].next_poll_at = self.env.cr.now() + now
        with self.trap_tasks() as trap, self.enter_registry_test_mode():
            self.env.ref("healthcare_integration_base.ir_cron_poll").method_direct_trigger()
        trap.assert_enqueued("integration.endpoint", "_poll", count=1, records=self.endpoint)
        self.assertEqual(len(trap.tasks), 1)

    def test_the_base_folder_may_be_the_inbox(self):
        self.endpoint.inbox_path = False
        (self.mailbox.root / "a.835").write_bytes(FILE)
        self.look()
        self.assertEqual((len(self.messages()), self.mailbox.archived()), (1, ["a.835"]))

    # === EMPTY AND GIVEN-UP FILES === #

    def test_an_empty_file_is_one_exception_until_it_is_replaced(self):
        self.mailbox.drop("a.835", b"")
        self.look()
        self.look()
        exception = self.exceptions("payload.empty")
        self.assertEqual(
            (len(exception), exception.system_id, exception.res_id), (1, self.system, self.endpoint.id)
        )
        self.assertIn("a.835", exception.location)
        self.assertEqual((self.endpoint.consecutive_errors, self.mailbox.waiting()), (0, ["a.835"]))
        self._replace("a.835", FILE)
        self.look()
        self.assertEqual(self.messages().state, "settled")

    def test_a_file_whose_fetch_is_waived_is_given_up_until_somebody_looks_now(self):
        self.mailbox.drop("a.835", b"")
        self.look()
        self.exceptions("payload.empty")._waive("The partner knows")
        self.look()
        self.assertEqual(self.observed("a.835").state, "given_up")
        self.assertEqual(len(self.exceptions("payload.empty")), 1, "no new exception at each look")
        self.endpoint.action_poll_now()
        self.run_tasks()
        self.assertEqual(self.exceptions("payload.empty").mapped("state"), ["waived", "open"])

    def test_a_file_whose_fetch_was_cancelled_can_be_fetched_again(self):
        self.mailbox.drop("a.835", FILE)
        self.endpoint._poll()
        fetch = self.env["integration.task"].search([("method_name", "=", "_fetch")], limit=1)
        fetch.action_cancel()
        self.assertEqual(self.observed("a.835").state, "given_up")
        self.look()
        self.assertFalse(self.messages())
        self.endpoint.action_poll_now()
        self.run_tasks()
        self.assertEqual(len(self.messages()), 1)

    # === PAUSES === #

    def test_a_look_at_a_paused_endpoint_ends_quietly(self):
        for change in (
            lambda: self.endpoint.action_pause(),
            lambda: self.endpoint.action_suspend(),
            lambda: self.system.action_suspend(),
        ):
            self.endpoint._queue_poll()
            change()
            self.run_tasks()
            self.assert_no_dead_task()
        self.assertFalse(self.endpoint.error_message)

    def test_fetching_and_disposing_wait_while_the_endpoint_is_suspended(self):
        self.mailbox.drop("a.835", FILE)
        self.endpoint._poll()
        self.endpoint.action_suspend()
        tasks = self.env["integration.task"].search([("method_name", "=", "_fetch")], limit=1)
        self._run_at(NOON)
        self.assertEqual((tasks.state, tasks.attempts), ("pending", 0))
        self.endpoint.action_activate()
        self.observed("a.835")._fetch()
        self.endpoint.action_pause()
        dispose = self.env["integration.task"].search([("method_name", "=", "_dispose")], limit=1)
        self._run_at(later(hours=1))
        self.assertEqual((dispose.state, self.mailbox.waiting()), ("pending", ["a.835"]))
        self.endpoint.action_activate()
        self._run_at(later(hours=2))
        self.assertEqual((dispose.state, self.mailbox.archived()), ("done", ["a.835"]))
        self.assert_no_dead_task()

    def _run_at(self, moment):
        with self.frozen_clock(moment):
            self.run_tasks()

    # === ERRORS === #

    def test_a_failed_look_is_noted_on_the_endpoint_and_forgotten_when_it_answers_again(self):
        inbox, away = self.mailbox.root / "inbox", self.mailbox.root / "away"
        inbox.rename(away)
        self.look()
        self.assertEqual((self.endpoint.consecutive_errors, self.endpoint.health), (1, "bad"))
        self.assertTrue(self.endpoint.error_message and self.endpoint.error_date)
        exception = self.env["integration.exception"].search([("res_model", "=", "integration.endpoint")])
        self.assertEqual(
            (exception.res_id, exception.system_id, exception.state), (self.endpoint.id, self.system, "open")
        )
        away.rename(inbox)
        self.look()
        self.assertEqual((self.endpoint.consecutive_errors, self.endpoint.error_message), (0, False))
        self.assertEqual((exception.state, exception.waiting_task_ids.ids), ("resolved", []))
        self.assert_no_dead_task()

    def test_settings_that_keep_failing_suspend_the_endpoint_and_its_activation_heals(self):
        inbox, away = self.mailbox.root / "inbox", self.mailbox.root / "away"
        inbox.rename(away)
        for _look in range(4):
            self.look()
        self.assertEqual((self.endpoint.state, self.endpoint.suspension), ("suspended", "errors"))
        exception = self.env["integration.exception"].search([("res_model", "=", "integration.endpoint")])
        self.assertEqual((len(exception), exception.state), (1, "open"))
        away.rename(inbox)
        self.endpoint.action_activate()
        self.look()
        self.assertEqual((self.endpoint.error_message, exception.state), (False, "resolved"))

    def test_each_failed_attempt_is_noted(self):
        self.endpoint._integration_task_failed("_poll", TransientError("sftp.unreachable", "Away"))
        file = self.env["integration.endpoint.file"].create(
            {"endpoint_id": self.endpoint.id, "name": "a.835"}
        )
        file._integration_task_failed("_fetch", ConfigurationError("folder.failure", "Refused"))
        self.assertEqual(self.endpoint.consecutive_errors, 2)
        file._integration_task_failed("_fetch", TransientError("mailbox.file_gone", "Gone"))
        self.assertEqual(self.endpoint.consecutive_errors, 2, "no fault of the mailbox")
