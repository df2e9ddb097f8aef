import dataclasses
from unittest.mock import patch

from odoo.tests import tagged

from ..errors import IntegrationError
from ..models.integration_queue_settlement import Outcome
from ..queue import PostponedTask
from .queue_common import QueueCase


@tagged("post_install", "-at_install")
class TestQueueClaims(QueueCase):
    def test_tasks_of_a_lost_worker_are_taken_back(self):
        begun, waiting = self.enqueue(), self.enqueue()
        self.claim(2)
        self.run_tasks()
        self.assertEqual((begun.state, len(self.calls)), ("running", 0), "its lease is still good")
        self.expire_leases()
        self.run_tasks()
        self.assertEqual((begun.state, begun.attempts), ("done", 2))
        self.assertEqual((waiting.state, waiting.attempts), ("done", 1), "it had not been begun")
        self.assertFalse(self.env["integration.lease"].search([]))

    def test_a_lane_takes_back_what_its_own_earlier_run_left(self):
        lane = self.queue._lanes()[0]
        task = self.enqueue()
        self.in_lane(lambda queue: queue.with_context(cron_id=lane.id)._claim(1, "before"))
        with self.enter_registry_test_mode():
            lane.method_direct_trigger()
        self.assertEqual((task.state, task.attempts), ("done", 2))

    def test_a_task_that_ends_its_worker_again_and_again_dies(self):
        message = self.env["integration.message"].create({"company_id": self.env.company.id})
        task, innocent = self.enqueue(message=message), self.enqueue()
        for _loss in range(3):
            self.expire_leases()
            self.in_lane(lambda queue: queue._take_back_lost())
            self.claim(2)
        self.expire_leases()
        self.run_tasks()
        self.assertEqual((task.state, task.error_code, task.attempts), ("dead", "task.worker_lost", 3))
        self.assertEqual((message.state, innocent.state, innocent.attempts), ("held", "done", 1))

    def test_a_lost_task_that_cannot_be_buried_as_usual_does_not_stop_the_lanes(self):
        message = self.env["integration.message"].create({"company_id": self.env.company.id})
        task, after = self.enqueue(message=message, max_attempts=1), self.enqueue()
        self.claim()
        self.expire_leases()
        with (
            patch.object(self.registry["integration.message"], "_hold", side_effect=KeyError("x")),
            self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR"),
        ):
            self.run_tasks()
        self.assertEqual((task.state, after.state), ("dead", "done"))
        self.assertFalse(self.env["integration.lease"].search([]))

    def test_taking_back_is_progress(self):
        self.enqueue()
        self.enqueue()
        self.claim(2)
        self.assertEqual(self.in_lane(lambda queue: queue._take_back_lost()), 0)
        self.expire_leases()
        self.assertEqual(self.in_lane(lambda queue: queue._take_back_lost()), 2)

    def test_a_lease_stays_while_a_task_is_claimed_under_it(self):
        self.enqueue()
        self.claim(token="t")
        self.in_lane(lambda queue: queue.env["integration.lease"]._close("t"))
        self.assertTrue(self.env["integration.lease"].search([("token", "=", "t")]))

    def test_a_stale_claim_changes_nothing(self):
        task = self.enqueue()
        [claimed] = self.claim(token="new")
        stale = dataclasses.replace(claimed, token="stale")
        before = task.read()
        error = IntegrationError("a.b", "Broken")

        def play_stale_worker(queue):
            self.assertFalse(queue._settle_done([task.id], "stale"))
            queue._move_to([Outcome(task.id, "dead")], "stale")
            queue._settle_errors("stale", {task.id: error})
            queue._settle_error(task.id, "stale", ValueError())
            queue._postpone(task.id, "stale", PostponedTask("no", 1))
            queue._put_back([task.id], "stale")
            queue._run_task(stale)
            queue._run_batch([stale, stale])

        self.in_lane(play_stale_worker)
        self.assertEqual((task.read(), self.partner.ref), (before, False))
        self.assertFalse(self.exceptions("a.b"))

    def test_the_effect_of_a_worker_that_lost_its_claim_is_dropped(self):
        def lose_claim(records):
            records.env.cr.execute(
                "UPDATE integration_task SET claim_token = 'another' WHERE state = 'running'"
            )

        self.outcomes = [lose_claim]
        task = self.enqueue()
        [claimed] = self.claim(token="t")
        self.in_lane(lambda queue: queue._run_task(claimed))
        self.assertEqual((len(self.calls), self.partner.ref, task.state), (1, False, "running"))

    def test_what_does_not_fit_into_the_run_goes_back_uncounted(self):
        tasks = self.enqueue() + self.enqueue() + self.enqueue()
        self.in_lane(lambda queue: queue._run_claimed("t", queue._claim(3, "t"), deadline=0))
        self.assertEqual(tasks.mapped("state"), ["done", "pending", "pending"])
        self.assertEqual(tasks.mapped("attempts"), [1, 0, 0])

    def test_slow_tasks_are_claimed_one_by_one(self):
        sizes, clock = [], iter(range(0, 10_000, 3))
        original = type(self.queue)._claim

        def claim(queue, limit, token):
            sizes.append(limit)
            return original(queue, limit, token)

        for _number in range(8):
            self.enqueue()
        with (
            patch.object(self.registry["integration.queue"], "_claim", claim),
            patch("odoo.addons.healthcare_integration_base.models.integration_queue_lane.time.monotonic",
                  lambda: next(clock)),
        ):  # fmt: skip
            self.run_tasks()
        self.assertEqual(sizes[:3], [5, 1, 1])
        self.assertEqual(len(self.calls), 8)

    def test_what_does_not_fit_before_the_deadline_wakes_the_other_lanes(self):
        for _n in range(3):
            self.enqueue()
        self.env.cr.flush()
        self.env["ir.cron.trigger"].search([]).unlink()
        self.in_lane(lambda queue: queue._run_claimed("t", queue._claim(3, "t"), deadline=0))
        self.assertEqual(self.env["ir.cron.trigger"].search([]).cron_id, self.queue._lanes())

    def test_a_lane_stops_at_its_deadline(self):
        for _number in range(3):
            self.enqueue()
        self.in_lane(lambda queue: queue.with_context(cron_end_time=0)._cron_run_lane())
        self.assertFalse(self.calls)
