import datetime
from unittest.mock import patch

import psycopg2.errors

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..errors import IntegrationError, TransientError
from ..queue import PostponedTask
from .queue_common import QueueCase

NOON = datetime.datetime(2026, 3, 16, 12, 0)


@tagged("post_install", "-at_install")
class TestQueueFailures(QueueCase):
    def test_a_transient_error_is_retried_with_growing_waits_then_dies(self):
        self.outcomes = [TransientError("sftp.unreachable", "The server does not answer")] * 3
        task = self.enqueue()
        now = NOON
        for attempt, (shortest, longest) in enumerate(((15, 30), (30, 60)), 1):
            with self.frozen_clock(now):
                self.run_tasks()
            wait = (task.eta - now).total_seconds()
            self.assertTrue(shortest <= wait <= longest, wait)
            self.assertEqual(
                (task.state, task.attempts, task.error_code), ("waiting", attempt, "sftp.unreachable")
            )
            self.assertFalse(self.partner.ref, "the effect of a failed attempt is gone")
            now = task.eta + datetime.timedelta(seconds=1)
        with self.frozen_clock(now):
            self.run_tasks()
        self.assertEqual((task.state, task.attempts), ("dead", 3))
        exception = self.exceptions("sftp.unreachable")
        self.assertEqual((exception.category, task.exception_id), ("technical", exception))

    def test_a_retry_that_works_leaves_no_trace_of_the_error(self):
        self.outcomes = [TransientError("sftp.unreachable", "The server does not answer")]
        task = self.enqueue()
        with self.frozen_clock(NOON):
            self.run_tasks()
        with self.frozen_clock(NOON + datetime.timedelta(minutes=1)):
            self.run_tasks()
        self.assertEqual((task.state, task.attempts, task.error, self.partner.ref), ("done", 2, False, "x"))
        self.assertFalse(self.exceptions("sftp.unreachable"))

    def test_the_other_side_may_name_the_wait(self):
        for asked, wait in ((90, 90), (10**9, 86_400), (-5, 0)):
            error = TransientError("http.busy", "Come back later")
            error.retry_after = asked
            self.outcomes = [error]
            task = self.enqueue()
            [claimed] = self.claim(token=f"t{asked}")
            with self.frozen_clock(NOON):
                self.in_lane(lambda queue: queue._run_task(claimed))  # noqa: B023
            self.assertEqual(task.eta, NOON + datetime.timedelta(seconds=wait), asked)
            self.queue._cancel(task)

    def test_a_flow_has_the_word_on_attempts_and_waits(self):
        system = self.live_system()
        document_type = self.env["integration.document.type"].create({"name": "Test", "code": "test.queue"})
        flow = self.env["integration.flow"].create(
            {"name": "F", "code": "f", "system_id": system.id, "document_type_id": document_type.id,
             "user_id": self.integration_user("runner").id, "max_attempts": 2, "backoff_seconds": 600,
             "backoff_cap_seconds": 600, "priority": 3}
        )  # fmt: skip
        other = self.enqueue(flow=flow, max_attempts=9, priority=1)
        self.assertEqual((other.max_attempts, other.priority), (9, 1))
        self.queue._cancel(other)
        self.outcomes = [TransientError("a.b", "Away")]
        task = self.enqueue(flow=flow)
        self.assertEqual((task.max_attempts, task.priority), (2, 3))
        with self.frozen_clock(NOON):
            self.run_tasks()
        self.assertTrue(300 <= (task.eta - NOON).total_seconds() <= 600)

    def test_what_nobody_foresaw_is_retried_and_told_without_values(self):
        self.outcomes = [ValueError("Jane Doe")] * 3
        task = self.enqueue(max_attempts=1)
        with self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING") as log:
            self.run_tasks()
        self.assertEqual((task.state, task.error_code), ("dead", "task.unexpected_error"))
        exception = self.exceptions("task.unexpected_error")
        for text in (task.error, exception.name, exception.location, exception.subject, *log.output):
            self.assertNotIn("Jane", text or "")
        self.assertIn("ValueError", exception.name)
        self.assertIn("queue_common.py", exception.location)

    def test_a_refusal_of_odoo_is_a_persons_to_resolve(self):
        self.outcomes = [UserError("The period is locked."), UserError("The journal is archived.")]
        first, second = self.enqueue(), self.enqueue()
        self.run_tasks()
        self.assertEqual((first.state, first.error_code, first.attempts), ("dead", "odoo.refused", 1))
        exceptions = self.exceptions("odoo.refused")
        self.assertEqual(
            set(exceptions.mapped("name")), {"The period is locked.", "The journal is archived."}
        )
        self.assertNotEqual(first.exception_id, second.exception_id)

    def test_an_error_of_the_database_is_told_without_values(self):
        def fail(records):
            records.env.cr.execute("SELECT %s::integer", ("Jane Doe",), log_exceptions=False)

        self.outcomes = [fail]
        task = self.enqueue(max_attempts=1)
        with self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING"):
            self.run_tasks()
        self.assertIn("22P02", task.error)
        self.assertNotIn("Jane", task.error)

    def test_an_error_that_cannot_be_stored_as_it_is_does_not_stop_the_lane(self):
        self.outcomes = [IntegrationError("x12.garbled", "Garbled \0 text", found="\0\udce9", subject="a\0b")]
        task, after = self.enqueue(), self.enqueue()
        self.run_tasks()
        self.assertEqual((task.state, after.state), ("dead", "done"))
        self.assertEqual(task.exception_id.name, "Garbled \ufffd text")

    def test_a_failure_that_cannot_be_settled_is_buried(self):
        message = self.env["integration.message"].create({"company_id": self.env.company.id})
        self.outcomes = [IntegrationError("a.b", "Broken")]
        task, after = self.enqueue(message=message), self.enqueue()
        with (
            patch.object(self.registry["integration.message"], "_hold", side_effect=KeyError("x")),
            self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR"),
        ):
            self.run_tasks()
        self.assertEqual(
            (task.state, task.error_code, after.state), ("dead", "task.unexpected_error", "done")
        )
        self.assertTrue(task.exception_id)

    def test_a_hook_that_fails_does_not_stop_the_settlement(self):
        self.outcomes = [IntegrationError("a.b", "Broken")]
        task = self.enqueue()
        with (
            patch.object(self.registry["res.partner"], "_integration_task_failed", side_effect=KeyError("x")),
            self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR"),
        ):
            self.run_tasks()
        self.assertEqual((task.state, task.error_code), ("dead", "a.b"))

    def test_a_postponed_task_waits_without_counting(self):
        self.outcomes = [PostponedTask("Waits for the partner.", 60)] * 5
        task = self.enqueue(max_attempts=2)
        now = NOON
        for _round in range(5):
            with self.frozen_clock(now):
                self.run_tasks()
            self.assertEqual(
                (task.state, task.attempts, task.error), ("waiting", 0, "Waits for the partner.")
            )
            self.assertEqual(task.eta, now + datetime.timedelta(seconds=60))
            now += datetime.timedelta(seconds=61)
        with self.frozen_clock(now):
            self.run_tasks()
        self.assertEqual((task.state, task.attempts, task.error, self.partner.ref), ("done", 1, False, "x"))

    # === CONCURRENCY, PLAYED === #

    def test_a_serialization_failure_is_repeated_at_once_and_not_counted(self):
        self.outcomes = [psycopg2.errors.SerializationFailure(), psycopg2.errors.DeadlockDetected()]
        task = self.enqueue()
        self.run_tasks()
        self.assertEqual((task.state, task.attempts, len(self.calls), self.partner.ref), ("done", 1, 3, "x"))

    def test_after_many_conflicts_the_task_goes_back_uncounted(self):
        self.outcomes = [psycopg2.errors.SerializationFailure() for _n in range(6)]
        task = self.enqueue()
        self.run_tasks()
        self.assertEqual((task.state, task.attempts, len(self.calls)), ("done", 1, 7))

    def test_a_conflict_in_the_settlement_of_a_failure_is_repeated(self):
        self.outcomes = [IntegrationError("a.b", "Broken")]
        task = self.enqueue()
        original, conflicts = type(self.env["integration.exception"])._report_each, [1, 1]

        def report(*args, **kwargs):
            if conflicts:
                conflicts.pop()
                raise psycopg2.errors.SerializationFailure()
            return original(*args, **kwargs)

        with patch.object(self.registry["integration.exception"], "_report_each", report):
            self.run_tasks()
        self.assertEqual((task.state, task.error_code, len(self.calls)), ("dead", "a.b", 1))
        self.assertFalse(conflicts)
