import datetime

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..errors import IntegrationError
from .queue_common import METHOD, QueueCase


@tagged("post_install", "-at_install")
class TestQueueRequeue(QueueCase):
    def setUp(self):
        super().setUp()
        self.message = self.env["integration.message"].create({"company_id": self.env.company.id})

    def _die(self, **options):
        self.outcomes = [IntegrationError("a.b", "Broken", subject="s")]
        task = self.enqueue(**{"message": self.message, **options})
        self.run_tasks()
        self.assertEqual((task.state, self.message.state), ("dead", "held"))
        return task

    def test_a_dead_task_is_retried_with_all_its_attempts(self):
        task = self._die()
        task.action_retry()
        self.assertEqual(
            (task.state, task.attempts, task.error, task.finished_at), ("pending", 0, False, False)
        )
        self.assertEqual((task.exception_id.id, self.message.state), (False, "received"))
        self.run_tasks()
        self.assertEqual(task.state, "done")
        with self.assertRaises(UserError):
            task.action_retry()

    def test_a_retry_ends_the_exception_when_nothing_else_waits_for_it(self):
        task, beside = self._die(), self._die()
        other = self.message.create({"company_id": self.env.company.id})
        beside.message_id = other
        alone = self._die(identity_key="of no message", message=None)
        exception = task.exception_id
        exception._link_messages(other)
        self.assertEqual(exception.waiting_task_ids, task + beside + alone)
        operator = self.integration_user("retrying-operator", "operator")
        task.with_user(operator).action_retry()
        self.assertEqual((exception.state, exception.message_ids), ("open", other))
        beside.with_user(operator).action_retry()
        self.assertEqual((exception.state, exception.message_ids.ids), ("open", []))
        alone.with_user(operator).action_retry()
        self.assertEqual((exception.state, exception.resolved_by_id), ("resolved", operator))
        self.assertIn("run again", exception.resolution)

    def test_a_message_waits_on_while_another_task_of_it_is_dead(self):
        first, second = self._die(), self._die()
        exception = first.exception_id
        first.action_retry()
        self.assertEqual((exception.state, exception.message_ids), ("open", self.message))
        second.action_retry()
        self.assertEqual(exception.state, "resolved")

    def test_what_was_waived_stays_waived(self):
        task = self._die()
        exception = task.exception_id
        exception._close("waived", "Known")
        task.action_retry()
        self.assertEqual((exception.state, exception.resolution), ("waived", "Known"))

    def test_a_waiting_task_can_be_retried_now(self):
        task = self.enqueue(eta=fields.Datetime.now() + datetime.timedelta(days=1))
        task.action_retry()
        self.run_tasks()
        self.assertEqual(task.state, "done")

    def test_resolving_the_exception_releases_what_waits(self):
        task = self._die()
        task.exception_id.action_resolve()
        self.run_tasks()
        self.assertEqual((task.state, self.partner.ref), ("done", "x"))

    def test_a_dead_task_whose_work_a_twin_does_is_cancelled(self):
        task = self._die(identity_key="k")
        twin = self.enqueue(identity_key="k")
        task.exception_id.action_resolve()
        self.assertEqual((task.state, twin.state), ("cancelled", "pending"))
        self.assertIn("already does this work", task.error)

    def test_whoever_retries_what_a_twin_does_is_told_so(self):
        task = self._die(identity_key="k")
        self.enqueue(identity_key="k")
        notice = task.action_retry()
        self.assertEqual((notice["tag"], task.state), ("display_notification", "cancelled"))
        self.assertIn(task.description, notice["params"]["message"])

    def test_what_waits_for_a_needless_task_waits_for_its_twin(self):
        task = self._die(identity_key="k")
        waiting = self.enqueue("follows", after=task)
        twin = self.enqueue(identity_key="k")
        task.action_retry()
        self.assertEqual((task.state, waiting.state), ("cancelled", "waiting"))
        self.assertEqual(waiting.dependency_ids.depends_on_id, twin)
        self.run_tasks()
        self.assertEqual((twin.state, waiting.state), ("done", "done"))
        self.assertEqual(self.calls[-1]["args"], ("follows",))

    def test_what_waits_for_a_needless_task_waits_for_the_one_that_is_retried(self):
        first, last = self._die(identity_key="k"), self._die(identity_key="k")
        waiting = self.enqueue("follows", after=first)
        (first + last + waiting).action_retry()
        self.assertEqual((first.state, last.state, waiting.state), ("cancelled", "pending", "waiting"))
        self.run_tasks()
        self.assertEqual((last.state, waiting.state), ("done", "done"))

    def test_nothing_waits_for_a_twin_that_waits_itself(self):
        """It may wait for the very same: what is given up instead is left with a person."""
        for options in ({"ordering_key": "o"}, {}):
            with self.subTest(options):
                task = self._die(identity_key="k")
                other = self.env["integration.message"].create({"company_id": self.env.company.id})
                waiting = self.enqueue("follows", after=task, message=other, if_failed="hold", **options)
                after = None if options else waiting
                twin = self.enqueue(identity_key="k", after=after, if_failed="continue", **options)
                self.assertEqual(twin.state, "waiting")
                task.action_retry()
                self.assertEqual((waiting.state, other.state), ("cancelled", "held"))
                self.run_tasks()
                self.assertEqual(twin.state, "done")

    def test_of_several_dead_twins_the_last_is_run(self):
        tasks = self.env["integration.task"]
        for _time in range(3):
            tasks += self._die(identity_key="k")
        tasks.exception_id.action_resolve()
        self.assertEqual(tasks.mapped("state"), ["cancelled", "cancelled", "pending"])

    def test_a_cancelled_task_leaves_its_message_with_a_person(self):
        task = self.enqueue(message=self.message)
        task.action_cancel()
        self.assertEqual((task.state, self.message.state), ("cancelled", "held"))
        self.run_tasks()
        self.assertFalse(self.calls)
        self.message.action_reprocess()
        self.run_tasks()
        self.assertEqual((task.state, len(self.calls)), ("done", 1))
        self.message._set_state("held")
        with self.assertRaises(UserError):
            self.message.action_reprocess()

    def test_finished_tasks_cannot_be_cancelled(self):
        task = self.enqueue()
        self.run_tasks()
        with self.assertRaises(UserError):
            task.action_cancel()

    def test_waiving_rejects_what_waited(self):
        task = self._die()
        exception = task.exception_id
        for reason in ("", "  ", False):
            with self.assertRaises(UserError):
                exception._waive(reason)
        exception._waive("Sent by mistake")
        self.assertEqual((task.state, self.message.state), ("cancelled", "rejected"))
        self.assertEqual(self.message.state_reason, "Sent by mistake")
        self.assertEqual((exception.state, exception.resolution), ("waived", "Sent by mistake"))
        self.run_tasks()
        self.assertEqual(len(self.calls), 1)

    def test_five_thousand_messages_of_one_cause_are_one_exception_released_in_one_go(self):
        self._die()
        exception = self.exceptions("a.b")
        messages = self.env["integration.message"].create(
            [{"company_id": self.env.company.id, "state": "held"} for _n in range(4_999)]
        )
        calls = [
            self.queue._describe_call(
                self.partner, METHOD, (), {}, {"message": message, "identity_key": f"m{message.id}"}
            )
            for message in messages
        ]  # fmt: skip
        tasks = self.queue._enqueue(calls)
        self.env.cr.execute(
            "UPDATE integration_task SET state = 'dead', exception_id = %s WHERE id = ANY(%s)",
            (exception.id, tasks.ids),
        )
        exception._link_messages(messages)
        self.env.invalidate_all()
        self.assertEqual((exception.message_count, len(exception.waiting_task_ids)), (5_000, 5_000))
        with self.assertQueryCount(100):
            exception.action_resolve()
            self.env.flush_all()
        self.assertFalse(exception.waiting_task_ids)
        self.assertEqual(set(tasks.mapped("state")) | set(messages.mapped("state")), {"pending", "received"})
