import datetime
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..models import integration_task
from .queue_common import METHOD, QueueCase

NOON = datetime.datetime(2026, 3, 16, 12, 0)


@tagged("post_install", "-at_install")
class TestEnqueue(CronMixinCase, QueueCase):
    def test_a_task_runs_with_its_arguments_as_its_user_in_its_company(self):
        user = self.integration_user("nina")
        user.group_ids += self.env.ref("base.group_partner_manager")
        partners = self.partner + self.partner.copy()
        delayed = partners.with_user(user).with_integration_task()
        task = getattr(delayed, METHOD)(7, text="ä", rows=[1, None]).sudo()
        self.assertFalse(self.calls, "enqueuing does not run it")
        self.run_tasks()
        [call] = self.calls
        self.assertEqual(call["records"].ids, partners.ids)
        self.assertEqual((call["args"], call["kwargs"]), ((7,), {"text": "ä", "rows": [1, None]}))
        self.assertEqual(
            (call["env"].user, call["env"].company, call["env"].su), (user, self.env.company, False)
        )
        self.assertEqual((task.state, task.attempts, self.partner.ref), ("done", 1, "x"))
        self.assertTrue(task.finished_at)

    def test_only_marked_methods_may_be_queued(self):
        for name in ("unlink", "write", "no_such_method", "_compute_display_name"):
            with self.assertRaisesRegex(ValueError, "not marked"):
                getattr(self.partner.with_integration_task(), name)()

    def test_a_task_whose_method_is_not_marked_any_more_dies(self):
        task = self.enqueue()
        self.env.cr.execute(
            "UPDATE integration_task SET method_name = 'unlink', description = 'forged' WHERE id = %s",
            (task.id,),
        )
        self.run_tasks()
        self.assertEqual((task.state, task.error_code), ("dead", "task.method_not_allowed"))
        self.assertTrue(self.partner.exists())

    def test_a_task_whose_addon_is_gone_dies_and_stops_nobody(self):
        lost, after = self.enqueue(), self.enqueue()
        self.env.cr.execute("UPDATE integration_task SET model_name = 'no.model' WHERE id = %s", (lost.id,))
        self.run_tasks()
        self.assertEqual((lost.state, lost.error_code), ("dead", "task.method_not_allowed"))
        self.assertEqual(after.state, "done")

    def test_arguments_must_be_plain_json(self):
        for value in (self.partner, object(), datetime.date(2026, 1, 1), b"bytes", float("nan")):
            with self.assertRaisesRegex(ValueError, "plain JSON"):
                self.enqueue(value)

    def test_one_unfinished_task_per_identity_key(self):
        first = self.enqueue(identity_key="k")
        self.assertEqual(self.enqueue(identity_key="k"), first)
        self.assertNotEqual(self.enqueue(identity_key="other"), first)
        self.claim()
        self.assertEqual((first.state, self.enqueue(identity_key="k")), ("running", first))

    def test_a_finished_key_may_be_used_again(self):
        for state in ("done", "dead", "cancelled"):
            task = self.enqueue(identity_key="k")
            self.env.cr.execute("UPDATE integration_task SET state = %s WHERE id = %s", (state, task.id))
            task.invalidate_recordset()
            self.assertNotEqual(self.enqueue(identity_key="k"), task, state)
            self.env.cr.execute("DELETE FROM integration_task")

    def test_keys_are_kept_apart_within_one_batch(self):
        calls = [
            self.queue._describe_call(self.partner, METHOD, (), {}, {"identity_key": key})
            for key in ("a", "b", "a", None, None)
        ]
        self.assertEqual(len(self.queue._enqueue(calls)), 4)

    def test_one_task_for_each_record(self):
        partners = self.env["res.partner"].create([{"name": f"Each {n}"} for n in range(20)])
        self.env.flush_all()
        with self.assertQueryCount(8):
            tasks = getattr(partners.with_integration_task(each=True, priority=3), METHOD)("ä", flag=True)
            self.env.flush_all()
        self.assertEqual([task.arguments["ids"] for task in tasks], [[partner.id] for partner in partners])
        self.assertEqual(tasks.mapped("priority"), [3] * 20)
        self.run_tasks()
        self.assertEqual(partners.mapped("ref"), ["x"] * 20)
        self.assertEqual({(call["args"], call["kwargs"]["flag"]) for call in self.calls}, {(("ä",), True)})

    def test_each_record_may_have_a_key_of_its_own(self):
        partners = self.env["res.partner"].create([{"name": f"Each {n}"} for n in range(3)])
        key = {"identity_key": lambda partner: f"each:{partner.id}"}
        first = getattr(partners[1].with_integration_task(each=True, **key), METHOD)()
        tasks = getattr(partners.with_integration_task(each=True, **key), METHOD)()
        self.assertEqual(len(tasks), 3)
        self.assertIn(first, tasks)
        self.assertEqual(set(tasks.mapped("identity_key")), {f"each:{partner.id}" for partner in partners})
        nobody = self.env["res.partner"]
        self.assertFalse(getattr(nobody.with_integration_task(each=True), METHOD)())

    def test_smaller_priorities_run_first_then_older_tasks(self):
        for name, priority in (("late", 20), ("first", 1), ("middle", 10), ("second", 1)):
            self.enqueue(name, priority=priority)
        self.run_tasks()
        self.assertEqual([call["args"][0] for call in self.calls], ["first", "second", "middle", "late"])

    def test_an_eta_is_waited_for(self):
        task = self.enqueue(eta=datetime.timedelta(hours=1))
        self.run_tasks()
        self.assertEqual((task.state, len(self.calls)), ("waiting", 0))
        with self.frozen_clock(self.env.cr.now() + datetime.timedelta(minutes=61)):
            self.run_tasks()
        self.assertEqual((task.state, task.eta, len(self.calls)), ("done", False, 1))

    def test_an_eta_may_have_a_time_zone(self):
        zone = datetime.timezone(datetime.timedelta(hours=2))
        self.assertEqual(self.enqueue(eta=NOON.replace(tzinfo=zone)).eta, NOON - datetime.timedelta(hours=2))

    def test_lanes_are_woken_once_however_many_tasks_a_transaction_makes(self):
        lanes = self.queue._lanes()
        self.assertEqual(len(lanes), 2)
        with (
            patch.object(self.registry["ir.cron"], "_notifydb") as notify,
            self.capture_triggers() as capture,
        ):
            for _number in range(5):
                self.enqueue()
            self.assertFalse(capture.records, "nothing before the end of the transaction")
            self.env.cr.flush()
            self.assertEqual(capture.records.cron_id, lanes)
            self.assertEqual(len(capture.records), len(lanes))
            self.assertTrue(all(trigger.call_at <= self.env.cr.now() for trigger in capture.records))
            self.env.cr.postcommit.run()
        self.assertEqual(notify.call_count, 1)

    def test_what_woke_the_lanes_and_was_undone_does_not_keep_them_asleep(self):
        def count():
            return self.env["ir.cron.trigger"].search_count([("cron_id", "in", self.queue._lanes().ids)])

        before = count()
        with self.assertRaises(KeyError), self.cr.savepoint():
            self.enqueue()
            with self.cr.savepoint():
                self.assertGreater(count(), before)
            raise KeyError
        self.enqueue()
        self.env.cr.flush()
        self.assertEqual(count(), before + len(self.queue._lanes()))

    def test_a_task_for_later_wakes_a_lane_then(self):
        with self.capture_triggers() as capture:
            self.enqueue(eta=NOON + datetime.timedelta(seconds=30))
            self.enqueue(eta=NOON + datetime.timedelta(seconds=40))
            self.env.cr.flush()
        self.assertEqual(capture.records.mapped("call_at"), [NOON])

    def test_a_lane_plans_its_next_run_for_the_next_wait(self):
        lane = self.queue._lanes()[0]
        self.enqueue(eta=NOON + datetime.timedelta(days=9999))
        with self.capture_triggers(lane.id) as capture, self.enter_registry_test_mode():
            lane.method_direct_trigger()
        self.assertIn(NOON + datetime.timedelta(days=9999), capture.records.mapped("call_at"))

    def test_a_lane_runs_through_the_scheduler(self):
        task = self.enqueue()
        with self.enter_registry_test_mode():
            self.queue._lanes()[1].method_direct_trigger()
        self.assertEqual(task.state, "done")

    def test_finished_tasks_are_deleted_batch_by_batch(self):
        self.env["integration.task"]._gc_finished()
        tasks = self.env["integration.task"].union(*(self.enqueue() for _number in range(3)))
        self.env.cr.execute(
            "UPDATE integration_task SET state = 'done', finished_at = now() - interval '31 days'"
            " WHERE id = ANY(%s)",
            (tasks.ids,),
        )
        self.patch(integration_task, "PURGE_BATCH", 2)
        # Odoo calls again as long as it is told that more may be left.
        self.assertEqual(tasks._gc_finished(), (2, True))
        self.assertEqual(tasks.exists(), tasks[2], "the oldest go first")
        self.assertEqual(tasks._gc_finished(), (1, False))
        self.assertFalse(tasks.exists())

    def test_finished_tasks_are_deleted_after_their_time(self):
        tasks = {state: self.enqueue() for state in ("done", "cancelled", "dead", "pending")}
        recent = self.enqueue()
        for state, task in tasks.items():
            self.env.cr.execute(
                "UPDATE integration_task SET state = %s, finished_at = now() - interval '31 days'"
                " WHERE id = %s",
                (state, task.id),
            )
        self.env.cr.execute(
            "UPDATE integration_task SET state = 'done', finished_at = now() - interval '29 days'"
            " WHERE id = %s",
            (recent.id,),
        )
        self.env["integration.task"]._gc_finished()
        self.assertFalse((tasks["done"] + tasks["cancelled"]).exists())
        self.assertEqual(len((tasks["dead"] + tasks["pending"] + recent).exists()), 3)
