from decimal import Decimal
from unittest.mock import patch

import psycopg2.errors

from odoo.tests import tagged

from ..errors import DocumentError, MappingError, TransientError
from ..models import integration_queue_run
from ..models.integration_queue_run import SetAside
from ..queue import PostponedTask, TaskCancelled
from .queue_common import METHOD, BatchCase


def unknown_payer(amount="10", subject="payer 1"):
    return MappingError("test.unknown_payer", "An unknown payer", subject=subject, amount=Decimal(amount))


@tagged("post_install", "-at_install")
class TestQueueFailuresOfBatch(BatchCase):
    """Tasks that fail together are settled together, each as if it had failed alone."""

    # The batch, its failures, and the end of its claim.
    commits_of_six = 3

    def enqueue_each(self, count=6):
        messages = self.env["integration.message"].create([{"company_id": self.env.company.id}] * count)
        tasks = [
            self.enqueue(records=partner, message=message)
            for partner, message in zip(self.partners, messages, strict=False)
        ]
        return self.env["integration.task"].union(*tasks).sorted("id")

    def test_one_cause_is_settled_with_one_commit(self):
        self.outcomes = [unknown_payer() for _n in range(6)]
        tasks = self.enqueue_each()
        self.run_claimed(tasks)
        exception = self.exceptions("test.unknown_payer")
        self.assertEqual((len(exception), exception.amount), (1, 60))
        self.assertEqual((exception.message_ids, exception.waiting_task_ids), (tasks.message_id, tasks))
        self.assertEqual(set(tasks.mapped("state")), {"dead"})
        self.assertEqual(set(tasks.message_id.mapped("state")), {"held"})
        self.assertEqual((set(tasks.mapped("attempts")), len(self.calls)), ({1}, 6))
        self.assertTrue(all(tasks.mapped("finished_at")))
        self.assertFalse(any(self.partners.mapped("ref")), "the effects are gone")
        self.assertEqual(len(self.commits), self.commits_of_six)
        self.assertFalse(self.env["integration.lease"].search([("token", "=", "t")]))

    def test_more_failures_are_no_more_statements(self):
        counts = []
        for count in (2, 6):
            self.outcomes = [unknown_payer(subject=f"payer of {count}") for _n in range(count)]
            claimed = self.enqueue_each(count) and self.claim(count, f"t{count}")
            failures = [(task, self.outcomes.pop()) for task in claimed]
            before = self.env.cr.sql_log_count
            self.in_lane(lambda queue: queue._settle_failures(failures))  # noqa: B023
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_each_ends_as_it_would_alone(self):
        self.outcomes = [
            unknown_payer(),
            TransientError("a.away", "Away"),
            None,
            ValueError("Jane"),
            PostponedTask("Not yet.", 60),
            DocumentError("a.broken", "Broken"),
        ]
        tasks = self.enqueue_each()
        with self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING") as log:
            self.run_claimed(tasks)
        self.assertEqual(
            tasks.mapped("state"), ["dead", "waiting", "done", "waiting", "waiting", "dead"], log.output
        )
        self.assertEqual(
            tasks.mapped("error_code"),
            ["test.unknown_payer", "a.away", False, "task.unexpected_error", False, "a.broken"],
        )
        self.assertEqual(tasks.mapped("attempts"), [1, 1, 1, 1, 0, 1])
        self.assertEqual([bool(eta) for eta in tasks.mapped("eta")], [False, True, False, True, True, False])
        self.assertEqual(tasks[0].exception_id.code, "test.unknown_payer")
        self.assertEqual(tasks[5].exception_id.code, "a.broken")
        self.assertEqual(len(log.output), 1)
        self.assertNotIn("Jane", log.output[0])

    def test_one_that_is_cancelled_while_it_runs_is_cancelled(self):
        self.outcomes = [unknown_payer(), TaskCancelled(self.env.uid), unknown_payer()]
        tasks = self.enqueue_each(3)
        self.run_claimed(tasks)
        self.assertEqual(tasks.mapped("state"), ["dead", "cancelled", "dead"])

    def test_two_tasks_of_a_document_count_it_once(self):
        self.outcomes = [unknown_payer("10"), unknown_payer("15")]
        message = self.env["integration.message"].create({"company_id": self.env.company.id})
        tasks = self.enqueue(message=message) + self.enqueue(message=message)
        self.run_claimed(tasks)
        exception = self.exceptions("test.unknown_payer")
        self.assertEqual((exception.amount, exception.message_count), (15, 1))

    def test_one_that_was_taken_back_is_left_to_whoever_has_it(self):
        claimed = self.enqueue_each() and self.claim(6, "t")
        tasks = self.env["integration.task"].browse([task.id for task in claimed])
        self.env.cr.execute(
            "UPDATE integration_task SET claim_token = 'another' WHERE id = %s", (tasks[2].id,)
        )
        self.in_lane(lambda queue: queue._settle_failures([(task, unknown_payer()) for task in claimed]))
        self.assertEqual(tasks.mapped("state"), ["dead", "dead", "running", "dead", "dead", "dead"])
        exception = self.exceptions("test.unknown_payer")
        self.assertEqual((exception.amount, exception.message_ids), (50, (tasks - tasks[2]).message_id))
        self.assertEqual(tasks[2].message_id.state, "received")

    def test_a_mistake_in_the_code_of_one_record_concerns_it_alone(self):
        tasks, original = self.enqueue_each(), type(self.env["integration.message"])._hold
        self.outcomes = [unknown_payer() for _n in range(6)]
        broken = tasks[1].message_id.id

        def hold(messages, exception):
            if broken in messages.ids:
                raise KeyError("x")
            return original(messages, exception)

        self.patch_model("integration.message", "_hold", hold)
        with self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR"):
            self.run_claimed(tasks)
        self.assertEqual(set(tasks.mapped("state")), {"dead"})
        self.assertEqual(tasks[1].error_code, "task.unexpected_error")
        self.assertEqual(set((tasks - tasks[1]).mapped("error_code")), {"test.unknown_payer"})
        self.assertEqual((self.exceptions("test.unknown_payer").amount, len(self.calls)), (50, 6))

    def test_a_conflict_with_another_lane_is_repeated(self):
        self.outcomes = [unknown_payer() for _n in range(6)]
        original, conflicts = type(self.env["integration.exception"])._report_each, [1, 1]

        def report(exceptions, reports):
            if conflicts:
                conflicts.pop()
                raise psycopg2.errors.SerializationFailure()
            return original(exceptions, reports)

        self.patch_model("integration.exception", "_report_each", report)
        tasks = self.enqueue_each()
        self.run_claimed(tasks)
        self.assertEqual((set(tasks.mapped("state")), len(self.calls)), ({"dead"}, 6))
        self.assertEqual(
            (self.exceptions("test.unknown_payer").amount, len(self.commits)), (60, self.commits_of_six)
        )


@tagged("post_install", "-at_install")
class TestQueueFailuresOfClaim(TestQueueFailuresOfBatch):
    """The same holds for tasks that run in transactions of their own."""

    # A note of each, all failures, and the end of the claim.
    commits_of_six = 8

    def setUp(self):
        super().setUp()
        self.allow_method(METHOD, self._work(), max_attempts=3)

    def test_a_worker_that_is_lost_later_is_not_the_fault_of_what_failed(self):
        tasks = self.enqueue_each(4)
        claimed = self.claim(4, "t")
        self.in_lane(lambda queue: queue._set_aside(claimed[0], unknown_payer(), SetAside()))
        for loss in range(3):
            self.assertEqual(tasks.mapped("state"), ["running"] * 4)
            self.expire_leases()
            self.in_lane(lambda queue: queue._take_back_lost())
            if loss < 2:
                claimed = self.claim(4, f"t{loss}")
                self.in_lane(lambda queue: queue._set_aside(claimed[0], unknown_payer(), SetAside()))  # noqa: B023
        self.assertEqual(tasks.mapped("state"), ["pending", "dead", "pending", "pending"])
        self.assertEqual(tasks.mapped("attempts"), [3, 3, 0, 0])
        self.assertEqual(tasks[1].error_code, "task.worker_lost")
        self.outcomes = [unknown_payer()]
        self.run_tasks()
        self.assertEqual(tasks.mapped("state"), ["dead", "dead", "done", "done"])

    def test_failures_do_not_wait_for_the_end_of_a_long_claim(self):
        seen = []
        self.outcomes = [
            unknown_payer(),
            unknown_payer(),
            lambda records: seen.append(records.env["integration.task"].browse(tasks.ids).mapped("state")),
        ]
        tasks = self.enqueue_each(3)
        with patch.object(integration_queue_run, "BATCH_SECONDS", -1):
            self.run_claimed(tasks)
        self.assertEqual(seen, [["dead", "dead", "running"]])

    def test_failures_do_not_wait_for_a_task_of_another_method(self):
        seen = []

        def look(records):
            seen.append(records.env["integration.task"].sudo().browse(tasks.ids).mapped("state"))

        self.allow_method("_integration_test_long", look)
        self.outcomes = [unknown_payer(), unknown_payer()]
        tasks = self.enqueue_each(2)
        long = self.partner.with_integration_task()._integration_test_long()
        self.run_claimed(tasks + long)
        self.assertEqual((seen, long.state), ([["dead", "dead"]], "done"))
