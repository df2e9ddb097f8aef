import datetime
from unittest.mock import patch

import psycopg2.errors

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..errors import IntegrationError, TransientError
from ..queue import PostponedTask
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


@tagged("post_install", "-at_install")
class TestFailures(QueueCase):
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
            [task_id] = self.claim(token=f"t{asked}")
            with self.frozen_clock(NOON):
                self.in_lane(lambda queue: queue._run_task(task_id, f"t{asked}"))  # noqa: B023
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
        original, conflicts = type(self.env["integration.exception"])._report, [1, 1]

        def report(*args, **kwargs):
            if conflicts:
                conflicts.pop()
                raise psycopg2.errors.SerializationFailure()
            return original(*args, **kwargs)

        with patch.object(self.registry["integration.exception"], "_report", report):
            self.run_tasks()
        self.assertEqual((task.state, task.error_code, len(self.calls)), ("dead", "a.b", 1))


@tagged("post_install", "-at_install")
class TestClaims(QueueCase):
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

    def test_a_lease_stays_while_a_task_is_claimed_under_it(self):
        self.enqueue()
        self.claim(token="t")
        self.in_lane(lambda queue: queue.env["integration.lease"]._close("t"))
        self.assertTrue(self.env["integration.lease"].search([("token", "=", "t")]))

    def test_a_stale_claim_changes_nothing(self):
        task = self.enqueue()
        self.claim(token="new")
        before = task.read()
        error = IntegrationError("a.b", "Broken")

        def play_stale_worker(queue):
            self.assertFalse(queue._settle(task.id, "stale", "done"))
            queue._settle_failure(task.id, "stale", error)
            queue._settle_error(task.id, "stale", ValueError())
            queue._postpone(task.id, "stale", PostponedTask("no", 1))
            queue._put_back([task.id], "stale")
            queue._run_task(task.id, "stale")

        self.in_lane(play_stale_worker)
        self.assertEqual((task.read(), self.calls, self.partner.ref), (before, [], False))
        self.assertFalse(self.exceptions("a.b"))

    def test_the_effect_of_a_worker_that_lost_its_claim_is_dropped(self):
        def lose_claim(records):
            records.env.cr.execute(
                "UPDATE integration_task SET claim_token = 'another' WHERE state = 'running'"
            )

        self.outcomes = [lose_claim]
        task = self.enqueue()
        self.claim(token="t")
        self.in_lane(lambda queue: queue._run_task(task.id, "t"))
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

    def test_a_lane_stops_at_its_deadline(self):
        for _number in range(3):
            self.enqueue()
        self.in_lane(lambda queue: queue.with_context(cron_end_time=0)._cron_run_lane())
        self.assertFalse(self.calls)


@tagged("post_install", "-at_install")
class TestRequeue(QueueCase):
    def setUp(self):
        super().setUp()
        self.message = self.env["integration.message"].create({"company_id": self.env.company.id})

    def _die(self, **options):
        self.outcomes = [IntegrationError("a.b", "Broken", subject="s")]
        task = self.enqueue(message=self.message, **options)
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

    def test_running_and_finished_tasks_cannot_be_cancelled(self):
        task = self.enqueue()
        self.claim()
        with self.assertRaises(UserError):
            task.action_cancel()
        self.expire_leases()
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
