import datetime
from functools import partial

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..errors import DocumentError, TransientError
from .queue_common import METHOD, QueueCase

NOON = datetime.datetime(2026, 3, 16, 12, 0)


class FlowCase(QueueCase):
    """Two live flows of one system, and partners to work on."""

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


@tagged("post_install", "-at_install")
class TestQueueFairness(FlowCase):
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


@tagged("post_install", "-at_install")
class TestQueueOrder(FlowCase):
    def states(self, *tasks):
        return [task.state for task in tasks]

    def test_tasks_of_a_key_run_one_at_a_time_the_oldest_first(self):
        tasks = [self.enqueue(name, ordering_key="k", priority=priority)
                 for name, priority in (("a", 20), ("b", 10), ("c", 1))]  # fmt: skip
        other = self.enqueue("other", ordering_key="l")
        self.assertEqual(self.states(*tasks), ["pending", "waiting", "waiting"])
        self.assertEqual(sorted(task.arguments["args"][0] for task in self.claim(9)), ["a", "other"])
        self.assertFalse(self.claim(9, "another worker"))
        self.expire_leases()
        self.run_tasks()
        self.assertEqual([name for name in self.ran() if name != "other"], ["a", "b", "c"])
        self.assertEqual(self.states(*tasks, other), ["done"] * 4)

    def test_one_that_waits_or_is_dead_holds_its_key_and_not_the_others(self):
        self.outcomes = [TransientError("a.b", "Away")]
        first, second = self.enqueue(1, ordering_key="k"), self.enqueue(2, ordering_key="k")
        self.run_tasks()
        other = self.enqueue(3, ordering_key="l")
        self.run_tasks()
        self.assertEqual(self.states(first, second, other), ["waiting", "waiting", "done"])
        self.outcomes = [DocumentError("a.c", "Broken")]
        first.action_retry()
        self.run_tasks()
        self.assertEqual(self.states(first, second), ["dead", "waiting"])
        third = self.enqueue(4, ordering_key="k")
        self.run_tasks()
        self.assertEqual(self.states(second, third), ["waiting", "waiting"])
        first.exception_id.action_resolve()
        self.run_tasks()
        self.assertEqual(self.states(first, second, third), ["done"] * 3)
        self.assertEqual(self.ran(), [1, 3, 1, 1, 2, 4])

    def test_cancelling_or_waiving_releases_the_key(self):
        self.outcomes = [DocumentError("a.c", "Broken")]
        tasks = [self.enqueue(n, ordering_key="k") for n in range(3)]
        self.run_tasks()
        tasks[0].exception_id._waive("Known")
        self.assertEqual(self.states(*tasks), ["cancelled", "pending", "waiting"])
        tasks[1].action_cancel()
        self.assertEqual(self.states(*tasks), ["cancelled", "cancelled", "pending"])
        self.run_tasks()
        self.assertEqual(self.ran(), [0, 2])

    def test_two_that_came_at_the_same_time_are_kept_in_order(self):
        """As when neither of two transactions saw the other's task."""
        tasks = [self.enqueue(n, ordering_key="k") for n in range(2)]
        self.env.cr.execute(
            "UPDATE integration_task SET state = 'pending', rank = -id WHERE state = 'waiting'"
        )
        self.assertEqual([task.id for task in self.claim(9, "a")], tasks[0].ids)
        self.assertFalse(self.claim(9, "b"))
        self.env.invalidate_all()
        self.assertEqual(self.states(*tasks), ["running", "waiting"], "parked, so as not to be met again")

    def test_what_nobody_released_is_found_by_the_next_run(self):
        """As when the first ended before the transaction was committed that saw it unfinished."""
        first, second = (self.enqueue(n, ordering_key="k") for n in range(2))
        self.env.cr.execute("UPDATE integration_task SET state = 'done' WHERE id = %s", (first.id,))
        self.run_tasks()
        self.assertEqual((second.state, self.ran()), ("done", [1]))

    def test_a_key_for_each_record(self):
        partners = self.env["res.partner"].create([{"name": f"Order {n}", "ref": n % 2} for n in range(4)])
        delayed = partners.with_integration_task(each=True, ordering_key=lambda partner: f"p{partner.ref}")
        tasks = getattr(delayed, METHOD)()
        self.assertEqual(tasks.sorted("id").mapped("state"), ["pending", "pending", "waiting", "waiting"])
        self.run_tasks()
        self.assertEqual(set(tasks.mapped("state")), {"done"})

    def test_a_thousand_keys_that_are_held_do_not_slow_the_claim(self):
        calls = [
            self.queue._describe_call(self.partner, METHOD, (n,), {}, {"ordering_key": "k"})
            for n in range(1000)
        ]
        self.queue._enqueue(calls)
        free = self.enqueue("free")
        self.claim(1, "a")
        self.assertEqual([task.id for task in self.claim(9, "b")], free.ids)
        self.env.cr.execute("SELECT count(*) FROM integration_task WHERE state = 'pending'")
        self.assertEqual(self.env.cr.fetchone(), (0,), "none of them is in the claim's index")


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
