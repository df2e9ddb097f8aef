import psycopg2.errors

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..errors import DocumentError, TransientError
from .queue_common import METHOD, QueueCase


@tagged("post_install", "-at_install")
class TestQueueOrder(QueueCase):
    def ran(self):
        """Return the first arguments of the calls so far."""
        return [call["args"][0] for call in self.calls]

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

    def test_a_key_is_one_at_a_time_when_an_earlier_task_comes_back(self):
        first, second = (self.enqueue(n, ordering_key="k") for n in range(2))
        first.action_cancel()
        self.assertEqual([task.id for task in self.claim(9, "a")], second.ids)
        self.queue._requeue(first)
        self.assertFalse(self.claim(9, "b"), "the second runs still")
        self.expire_leases()
        self.run_tasks()
        self.assertEqual((self.states(first, second), self.ran()), (["done"] * 2, [0, 1]))

    def test_the_database_lets_one_task_of_a_key_run(self):
        """As when two lanes claim two tasks of a key, of which neither saw the other."""
        first, second = (self.enqueue(n, ordering_key="k") for n in range(2))
        first.action_cancel()
        self.claim(1, "a")
        self.queue._requeue(first)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.cr.savepoint(),
        ):
            self.env.cr.execute("UPDATE integration_task SET state = 'running' WHERE id = %s", (first.id,))
        self.assertEqual(second.state, "running")
