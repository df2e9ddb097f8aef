import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .queue_common import QueueCase

NOON = datetime.datetime(2026, 3, 16, 12, 0)


@tagged("post_install", "-at_install")
class TestQueueFairness(QueueCase):
    def setUp(self):
        super().setUp()
        system = self.live_system()
        document_type = self.env["integration.document.type"].create({"name": "Test", "code": "test.fair"})
        runner = self.integration_user("runner")
        self.flows = self.env["integration.flow"].create(
            [
                {"name": code, "code": code, "system_id": system.id, "document_type_id": document_type.id,
                 "user_id": runner.id, "state": "live"}
                for code in ("one", "two")
            ]
        )  # fmt: skip

    def ran(self):
        """Return the first arguments of the calls so far."""
        return [call["args"][0] for call in self.calls]

    # === PRIORITIES === #

    def test_a_task_of_low_priority_is_overtaken_for_a_while_only(self):
        moments = {"low": (0, 20), "high": (99, 10), "later": (101, 10), "urgent": (101, 1)}
        for name, (minutes, priority) in moments.items():
            with self.frozen_clock(NOON + datetime.timedelta(minutes=minutes)):
                self.enqueue(name, priority=priority)
        self.run_tasks()
        self.assertEqual(self.ran(), ["urgent", "high", "low", "later"])

    def test_the_ageing_time_is_a_setting(self):
        self.env["ir.config_parameter"].set_param("healthcare_integration.ageing_seconds", "60")
        with self.frozen_clock(NOON):
            self.enqueue("low", priority=20)
        with self.frozen_clock(NOON + datetime.timedelta(minutes=11)):
            self.enqueue("high", priority=10)
        self.run_tasks()
        self.assertEqual(self.ran(), ["low", "high"])

    def test_priorities_hold_across_flows(self):
        one, two = self.flows
        for name, flow, priority in (("a", one, 9), ("b", two, 3), ("c", None, 5), ("d", one, 1)):
            self.enqueue(name, flow=flow, priority=priority)
        self.run_tasks()
        self.assertEqual(self.ran(), ["d", "b", "c", "a"])

    def test_a_claim_takes_what_is_due_before_the_other_flows(self):
        one, two = self.flows
        for minutes, flow in ((0, one), (0, two), (1, one), (30, one), (60, two)):
            with self.frozen_clock(NOON + datetime.timedelta(minutes=minutes)):
                self.enqueue(minutes, flow=flow)
        self.assertEqual([task.arguments["args"] for task in self.claim(10, "a")], [[0], [1]])
        self.assertEqual([task.arguments["args"] for task in self.claim(10, "b")], [[0]])
        self.assertEqual([task.arguments["args"] for task in self.claim(10, "c")], [[30]])

    # === PAUSES === #

    def test_a_paused_flow_waits_and_the_others_do_not(self):
        one, two = self.flows
        waiting, other = self.enqueue("one", flow=one), self.enqueue("two", flow=two)
        one.action_pause()
        self.run_tasks()
        self.assertEqual((waiting.state, other.state), ("pending", "done"))
        self.assertFalse(self.in_lane(lambda queue: queue._has_due()), "a lane does not spin on it")
        one.action_go_live()
        self.run_tasks()
        self.assertEqual(waiting.state, "done")

    def test_a_paused_or_suspended_endpoint_waits(self):
        endpoint = self.sandbox_endpoint().endpoint
        task = self.enqueue("x", endpoint=endpoint)
        for stop in (endpoint.action_pause, endpoint.action_suspend):
            stop()
            self.run_tasks()
            self.assertEqual(task.state, "pending")
        endpoint.action_activate()
        self.run_tasks()
        self.assertEqual(task.state, "done")

    def test_a_paused_lane_begins_nothing(self):
        cron = self.queue._lanes()[0]
        lane = self.env["integration.lane"].search([("cron_id", "=", cron.id)])
        task = self.enqueue("x")
        lane.action_pause()
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(task.state, "pending")
        lane.action_resume()
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(task.state, "done")

    def test_whoever_resumes_wakes_the_lanes(self):
        endpoint, wake = self.sandbox_endpoint().endpoint, "integration.queue.wake"
        lane = self.env["integration.lane"].search([], limit=1)
        self.flows.action_pause()
        endpoint.action_pause()
        for resume in (self.flows.action_go_live, endpoint.action_activate, lane.action_resume):
            self.env.cr.precommit.clear()
            resume()
            self.assertIn(wake, self.env.cr.precommit.data)

    def test_lanes_are_the_managers(self):
        lane = self.env["integration.lane"].search([], limit=1)
        operator = self.integration_user("fair-operator", "operator")
        for action in ("action_pause", "action_resume", "action_add"):
            with self.assertRaises(AccessError):
                getattr(lane.with_user(operator), action)()
        before = len(self.queue._lanes())
        lane.with_user(self.integration_user("fair-manager", "manager")).action_add()
        self.assertEqual(len(self.queue._lanes()), before + 1)
        self.assertEqual(len(self.env["integration.lane"].search([])), before + 1)

    def test_no_lane_is_added_while_all_are_switched_off(self):
        lane = self.env["integration.lane"].search([], limit=1)
        self.queue._lanes().active = False
        with self.assertRaisesRegex(UserError, "switched off"):
            lane.with_user(self.integration_user("fair-manager", "manager")).action_add()

    # === LIMITS === #

    def test_a_flow_runs_in_as_many_lanes_as_its_limit_allows(self):
        one, two = self.flows
        one.task_limit = 2
        for number in range(9):
            self.enqueue(number, flow=one)
        self.enqueue("two", flow=two)
        claims = [self.claim(2, f"lane {number}") for number in range(4)]
        self.assertEqual([len(tasks) for tasks in claims], [2, 2, 1, 0])
        self.assertEqual(claims[2][0].arguments["args"], ["two"])
        self.assertFalse(self.in_lane(lambda queue: queue._has_due()))
        self.in_lane(lambda queue: queue._run_claimed("lane 0", claims[0]))
        self.assertEqual(len(self.claim(2, "lane 4")), 2, "the slot is free again")

    def test_an_endpoint_has_a_limit_of_its_own(self):
        endpoint = self.sandbox_endpoint(task_limit=1).endpoint
        for number, flow in enumerate((self.flows[0], self.flows[1], None)):
            self.enqueue(number, flow=flow, endpoint=endpoint)
        self.assertEqual(len(self.claim(5, "a")), 1)
        self.assertFalse(self.claim(5, "b"))

    def test_slots_of_a_lost_worker_are_free_again(self):
        self.flows[0].task_limit = 1
        task = self.enqueue("x", flow=self.flows[0])
        self.claim(1, "lost")
        self.expire_leases()
        self.run_tasks()
        self.assertEqual(task.state, "done")
        self.assertFalse(self.env["integration.slot"].search([]))

    def test_a_claim_that_finds_nothing_leaves_nothing(self):
        self.flows[0].task_limit = 1
        self.enqueue("x", flow=self.flows[0], ordering_key="k")
        self.claim(1, "a")
        self.enqueue("y", flow=self.flows[0], ordering_key="k")
        self.assertFalse(self.claim(1, "b"))
        self.assertEqual(self.env["integration.lease"].search([]).mapped("token"), ["a"])
        self.assertEqual(len(self.env["integration.slot"].search([])), 1)
