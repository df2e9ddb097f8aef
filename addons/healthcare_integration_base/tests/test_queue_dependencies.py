import datetime
from functools import partial
from unittest.mock import patch

from odoo.tests import tagged

from ..errors import DocumentError
from ..models import integration_queue_waiting
from .queue_common import METHOD, QueueCase

NOON = datetime.datetime(2026, 3, 16, 12, 0)


@tagged("post_install", "-at_install")
class TestQueueDependencies(QueueCase):
    def step(self, name, **options):
        return self.enqueue(name, **options)

    def ran(self):
        return [call["args"][0] for call in self.calls]

    def test_a_chain_runs_in_order(self):
        first = self.step("a", priority=20)
        last = getattr(
            getattr(first._then(self.partner), METHOD)("b")._then(self.partner, priority=1), METHOD
        )("c")
        self.assertEqual(
            (last.state, last.eta, last.dependency_ids.depends_on_id.state), ("waiting", False, "waiting")
        )
        self.run_tasks()
        self.assertEqual((self.ran(), last.state), (["a", "b", "c"], "done"))

    def test_a_callback_runs_when_all_of_a_group_are_done(self):
        group = self.step("a") + self.step("b") + self.step("c")
        done = getattr(group._then(self.partner), METHOD)("done")
        [claimed] = self.claim(1, "slow")
        self.run_tasks()
        self.assertEqual((done.state, self.ran()), ("waiting", ["b", "c"]))
        self.in_lane(lambda queue: queue._run_claimed("slow", [claimed]))
        self.run_tasks()
        self.assertEqual((done.state, self.ran()[-1]), ("done", "done"))

    def test_what_waits_for_a_dead_task_is_held_cancelled_or_run(self):
        self.outcomes = [DocumentError("a.b", "Broken")]
        first = self.step("a")
        waiting = {
            policy: self.step(policy, after=first, if_failed=policy)
            for policy in ("hold", "cancel", "continue")
        }
        behind = self.step("behind", after=waiting["cancel"])
        self.run_tasks()
        self.assertEqual(first.state, "dead")
        self.assertEqual(
            {policy: task.state for policy, task in waiting.items()},
            {"hold": "waiting", "cancel": "cancelled", "continue": "done"},
        )
        self.assertEqual(behind.state, "cancelled")
        first.action_retry()
        self.run_tasks()
        self.assertEqual((first.state, waiting["hold"].state), ("done", "done"))

    def test_what_waits_for_a_cancelled_task_is_cancelled(self):
        first = self.step("a")
        held, going_on = self.step("b", after=first), self.step("c", after=first, if_failed="continue")
        first.action_cancel()
        self.assertEqual((held.state, going_on.state), ("cancelled", "pending"))
        with self.assertRaisesRegex(ValueError, "cancelled"):
            self.step("d", after=first)

    def test_the_message_of_what_is_given_up_is_left_with_a_person(self):
        messages = self.env["integration.message"].create([{"company_id": self.env.company.id}] * 2)
        first = self.step("a", message=messages[0])
        self.step("b", after=first, message=messages[1])
        first.action_cancel()
        self.assertEqual(messages.mapped("state"), ["held", "held"])
        self.assertIn("given up", messages[1].state_reason)
        self.assertNotIn("given up", messages[0].state_reason)

    def test_what_waits_for_done_tasks_is_due_at_once(self):
        first = self.step("a")
        self.run_tasks()
        self.assertEqual(self.step("b", after=first).state, "pending")

    def test_a_time_and_another_task_are_both_waited_for(self):
        with self.frozen_clock(NOON):
            first = self.step("a", eta=datetime.timedelta(hours=2))
            second = self.step("b", after=first, eta=datetime.timedelta(hours=1))
        with self.frozen_clock(NOON + datetime.timedelta(minutes=90)):
            self.run_tasks()
        self.assertEqual((second.state, self.ran()), ("waiting", []))
        with self.frozen_clock(NOON + datetime.timedelta(minutes=121)):
            self.run_tasks()
        self.assertEqual(self.ran(), ["a", "b"])

    def test_a_wide_group_is_released_by_few_queries(self):
        first = self.step("a")
        partners = self.env["res.partner"].create([{"name": f"Wide {n}"} for n in range(200)])
        tasks = getattr(partners.with_integration_task(each=True, after=first), METHOD)("x")
        self.in_lane(lambda queue: queue._run_task(*queue._claim(1, "a")))
        with self.assertQueryCount(10):
            self.in_lane(partial(type(self.queue)._release_after, task_ids=first.ids))
        self.assertEqual(set(tasks.mapped("state")), {"pending"})

    def test_a_retry_overtakes_nothing_that_is_waited_for(self):
        first = self.step("a")
        second = self.step("b", after=first)
        second.action_retry()
        self.assertEqual(second.state, "waiting")
        first.action_cancel()
        self.queue._requeue(first + second)
        self.assertEqual((first.state, second.state), ("pending", "waiting"))
        self.run_tasks()
        self.assertEqual(self.ran(), ["a", "b"])

    def test_what_was_given_up_for_good_can_be_retried_without_it(self):
        first = self.step("a")
        second = self.step("b", after=first)
        first.action_cancel()
        self.queue._requeue(second)
        self.run_tasks()
        self.assertEqual((self.ran(), second.state), (["b"], "done"))

    def test_what_nobody_cancelled_is_cancelled_by_the_next_run(self):
        """As when the worker is lost that settled the first, or it was cancelled unseen."""
        for state, policy in (("dead", "cancel"), ("cancelled", "hold")):
            first = self.step(f"first {state}")
            second = self.step(state, after=first, if_failed=policy)
            self.env.cr.execute("UPDATE integration_task SET state = %s WHERE id = %s", (state, first.id))
            self.run_tasks()
            self.assertEqual(second.state, "cancelled", state)

    def test_what_is_parked_during_a_run_is_released_at_its_end(self):
        """As when another lane ends what it is parked behind, before that is committed."""
        parked = self.step("parked", eta=datetime.timedelta(days=1))
        self.outcomes = [
            lambda records: records.env.cr.execute(
                "UPDATE integration_task SET eta = NULL WHERE id = %s", (parked.id,)
            )
        ]
        self.step("a")
        self.in_lane(lambda queue: queue._cron_run_lane())
        self.assertEqual(parked.state, "pending")

    def test_a_slow_sweep_spares_its_own_database_alone(self):
        """One process may serve several databases."""
        sweeps = integration_queue_waiting._next_sweeps
        parked = self.step("parked", eta=datetime.timedelta(days=1))
        self.env.cr.execute("UPDATE integration_task SET eta = NULL WHERE id = %s", (parked.id,))
        with patch.dict(sweeps, {self.env.cr.dbname: float("inf")}):
            self.in_lane(lambda queue: queue._release_parked())
        self.assertEqual(parked.state, "waiting")
        with (
            patch.dict(sweeps, {"another": float("inf")}, clear=True),
            patch.object(integration_queue_waiting, "QUICK_SWEEP_SECONDS", -1),
        ):
            self.in_lane(lambda queue: queue._release_parked())
            self.assertEqual(set(sweeps), {"another", self.env.cr.dbname})
        self.assertEqual(parked.state, "pending")
