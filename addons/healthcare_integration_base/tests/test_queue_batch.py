from unittest.mock import patch

import psycopg2.errors

from odoo.tests import tagged

from ..errors import DocumentError, TransientError
from ..models import integration_queue_run
from ..queue import PostponedTask
from .queue_common import METHOD, BatchCase


@tagged("post_install", "-at_install")
class TestQueueBatch(BatchCase):
    """Tasks that share a transaction: what one of them does wrong stays with it."""

    def enqueue_each(self):
        tasks = [self.enqueue(records=partner) for partner in self.partners]
        return self.env["integration.task"].union(*tasks)

    def test_a_batch_is_settled_with_one_commit(self):
        tasks = self.enqueue_each()
        self.run_claimed(tasks)
        self.assertEqual(set(tasks.mapped("state")), {"done"})
        self.assertEqual((self.partners.mapped("ref"), set(tasks.mapped("attempts"))), (["x"] * 6, {1}))
        self.assertEqual(len(self.commits), 2, "the batch, and the end of its claim")
        self.assertTrue(all(tasks.mapped("finished_at")))

    def test_each_runs_as_its_user_in_its_company(self):
        user = self.integration_user("batch-nina")
        user.group_ids += self.env.ref("base.group_partner_manager")
        self.enqueue()
        self.enqueue(user=user)
        self.enqueue()
        self.run_tasks()
        self.assertEqual([call["env"].uid for call in self.calls], [self.env.uid, user.id, self.env.uid])
        self.assertEqual([call["env"].su for call in self.calls], [True, False, True])

    def test_one_that_fails_does_not_undo_the_others(self):
        self.outcomes = [None, DocumentError("a.b", "Broken"), None, TransientError("a.c", "Away"),
                         PostponedTask("Not yet.", 60)]  # fmt: skip
        tasks = self.enqueue_each()
        self.run_claimed(tasks)
        self.assertEqual(
            tasks.sorted("id").mapped("state"), ["done", "dead", "done", "waiting", "waiting", "done"]
        )
        self.assertEqual(self.partners.mapped("ref"), ["x", False, "x", False, False, "x"])
        self.assertEqual(len(self.calls), 6, "nothing was run twice")
        self.assertEqual(tasks.sorted("id").mapped("attempts"), [1, 1, 1, 1, 0, 1])
        self.assertTrue(self.exceptions("a.b"))

    def test_an_error_of_the_database_stays_within_its_savepoint(self):
        self.outcomes = [None, lambda records: records.env.cr.execute("SELECT 1/0", log_exceptions=False)]
        tasks = self.enqueue_each()
        with self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING"):
            self.run_claimed(tasks)
        self.assertEqual(
            tasks.sorted("id").mapped("state"), ["done", "waiting", "done", "done", "done", "done"]
        )
        self.assertEqual(len(self.calls), 6)

    def test_a_conflict_runs_the_batch_one_by_one(self):
        self.outcomes = [None, None, psycopg2.errors.SerializationFailure()]
        tasks = self.enqueue_each()
        self.run_claimed(tasks)
        self.assertEqual((set(tasks.mapped("state")), set(tasks.mapped("attempts"))), ({"done"}, {1}))
        self.assertEqual((len(self.calls), self.partners.mapped("ref")), (9, ["x"] * 6))

    def test_a_batch_that_cannot_be_committed_is_run_one_by_one(self):
        tasks, failures = self.enqueue_each(), [psycopg2.errors.DeadlockDetected(), ValueError("a hook")]
        original = type(self.queue)._settle_done

        def settle(queue, task_ids, token):
            if len(task_ids) > 1 and failures:
                raise failures.pop()
            return original(queue, task_ids, token)

        with patch.object(self.registry["integration.queue"], "_settle_done", settle):
            self.run_claimed(tasks)
        self.assertEqual((set(tasks.mapped("state")), self.partners.mapped("ref")), ({"done"}, ["x"] * 6))

    def test_tasks_that_were_taken_back_meanwhile_leave_no_effect(self):
        def lose_claim(records):
            records.env.cr.execute(
                "UPDATE integration_task SET claim_token = 'another' WHERE id = %s", (tasks[0].id,)
            )

        tasks = self.enqueue_each().sorted("id")
        # The worker that takes the first one back does so for good: also while each runs by itself.
        self.outcomes = [lose_claim] + [None] * 5 + [lose_claim]
        self.run_claimed(tasks)
        self.assertEqual(tasks.mapped("state"), ["running"] + ["done"] * 5)
        self.assertEqual(self.partners.mapped("ref"), [False] + ["x"] * 5)

    def test_what_a_failed_task_wanted_after_the_commit_does_not_happen(self):
        happened = []

        def fail_late(records):
            records.env.cr.postcommit.add(lambda: happened.append(1))
            raise DocumentError("a.b", "Broken")

        self.outcomes = [None, fail_late] + [None] * 5 + [DocumentError("a.b", "Broken")]
        tasks = self.enqueue_each()
        self.run_claimed(tasks)
        self.assertEqual(sorted(tasks.mapped("state")), ["dead"] + ["done"] * 5)
        self.assertEqual((len(self.calls), happened), (8, []))

    def test_a_batch_is_cut_when_its_time_is_used_up(self):
        tasks = self.enqueue_each()
        with patch.object(integration_queue_run, "BATCH_SECONDS", 0):
            self.run_claimed(tasks)
        self.assertEqual((set(tasks.mapped("state")), len(self.commits)), ({"done"}, 7))

    def test_others_are_committed_one_by_one_in_between(self):
        self.allow_method("_integration_test_other", self._work())
        self.enqueue()
        self.enqueue()
        self.partner.with_integration_task()._integration_test_other()
        self.enqueue()
        self.enqueue()
        self.in_lane(lambda queue: queue._run_claimed("t", queue._claim(5, "t")))
        self.assertEqual((len(self.calls), len(self.commits)), (5, 4))

    def test_after_a_loss_the_tasks_of_a_batch_run_one_by_one(self):
        tasks = self.enqueue_each()
        self.claim(len(tasks), "lost")
        self.expire_leases()
        self.in_lane(lambda queue: queue._take_back_lost())
        self.assertEqual((set(tasks.mapped("state")), set(tasks.mapped("attempts"))), ({"pending"}, {1}))
        self.commits.clear()
        self.run_claimed(tasks)
        self.assertEqual(len(self.commits), 7, "each task, and the end of the claim")

    def test_only_the_task_that_ends_its_worker_dies(self):
        tasks = self.enqueue_each().sorted("id")
        self.claim(len(tasks), "first loss")
        for loss in range(2, 4):
            self.expire_leases()
            self.in_lane(lambda queue: queue._take_back_lost())
            self.claim(len(tasks), f"loss {loss}")
        self.expire_leases()
        self.run_tasks()
        self.assertEqual(tasks.mapped("state"), ["dead"] + ["done"] * 5)
        self.assertEqual(tasks[0].error_code, "task.worker_lost")

    def test_lanes_are_woken_once_by_a_batch(self):
        self.outcomes = [lambda records: getattr(records.with_integration_task(), METHOD)()] * 6
        tasks = self.enqueue_each()
        self.env.cr.flush()
        self.env["ir.cron.trigger"].search([]).unlink()
        self.run_claimed(tasks)
        self.assertEqual(len(self.env["ir.cron.trigger"].search([])), len(self.queue._lanes()))
        self.assertEqual(self.env["integration.task"].search_count([("state", "=", "pending")]), 6)
