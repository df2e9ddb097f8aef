import resource
import time
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..errors import IntegrationError
from ..models import integration_task_progress
from ..queue import TaskOptions
from .queue_common import METHOD, BatchCase, QueueCase

PASS_CPU_SECONDS = 60


def busy(seconds):
    """Do something for a while; the naps of the queue are none in tests."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@tagged("post_install", "-at_install")
class TestQueueLongTasks(QueueCase):
    def setUp(self):
        super().setUp()
        # Each step is written, as if a second had passed.
        patcher = patch.object(integration_task_progress, "REPORT_SECONDS", 0)
        patcher.start()
        self.addCleanup(patcher.stop)

    def step(self, done, total=4, note="Posting"):
        return lambda records: records.env["integration.task.progress"]._step(done, total, note)

    # === PROGRESS === #

    def test_a_running_task_shows_how_far_it_is(self):
        seen = []

        def work(records):
            self.step(1)(records)
            task = self.env["integration.task"].browse(task_id).with_env(records.env)
            seen.append((task.progress, task.progress_note, task.state))

        self.outcomes = [work]
        task = self.enqueue()
        task_id = task.id
        self.run_tasks()
        self.assertEqual(seen, [(25, "Posting", "running")])
        self.assertEqual((task.state, task.progress, task.progress_note), ("done", 0, False))

    def test_a_business_record_shows_how_far_its_task_is(self):
        message, other = self.env["integration.message"].create([{"company_id": self.env.company.id}] * 2)
        self.allow_method(METHOD, lambda records: None)
        task = self.env["integration.queue"]._enqueue(
            [self.queue._describe_call(self.partner, METHOD, (), {}, {})]
        )
        self.claim()
        self.env.cr.execute(
            "UPDATE integration_task SET model_name = 'integration.message',"
            " arguments = jsonb_build_object('ids', ARRAY[%s]) WHERE id = %s;"
            "INSERT INTO integration_task_progress (task_id, done, total, updated_at)"
            " VALUES (%s, 1, 2, now())",
            (message.id, task.id, task.id),
        )
        messages = (message + other).with_user(self.integration_user("long-viewer", "viewer"))
        self.assertEqual(messages.mapped("integration_progress"), [50, 0])
        self.assertEqual(messages.mapped("integration_progress_note"), ["Test work", False])

    def test_steps_are_written_once_a_second(self):
        def work(records):
            for done in range(50):
                self.step(done)(records)

        with patch.object(integration_task_progress, "REPORT_SECONDS", 1000):
            self.outcomes = [work]
            task = self.enqueue()
            self.run_tasks()
        self.assertEqual(task.progress_ids.done, 0, "the first of them")

    def test_a_step_outside_the_queue_does_nothing(self):
        self.step(1)(self.partner)
        self.assertFalse(self.env["integration.task.progress"].search([]))

    # === CANCELLING === #

    def test_a_running_task_ends_at_its_next_step(self):
        message = self.env["integration.message"].create({"company_id": self.env.company.id})
        operator = self.integration_user("long-operator", "operator")

        def work(records):
            task.with_env(records.env).with_user(operator).action_cancel()
            self.assertTrue(task.with_env(records.env).is_ending)
            self.step(2)(records)
            self.fail("it has ended")

        self.outcomes = [work]
        task = self.enqueue(message=message)
        self.run_tasks()
        self.assertEqual((task.state, self.partner.ref, message.state), ("cancelled", False, "held"))
        self.assertIn(operator.name, message.state_reason)
        self.assertTrue(task.finished_at)
        message.action_reprocess()
        self.outcomes = [self.step(2)]
        self.run_tasks()
        self.assertEqual((task.state, self.partner.ref), ("done", "x"), "the request was for that run")

    def test_records_that_cannot_be_told_do_not_stop_the_lane(self):
        def work(records):
            task.with_env(records.env).action_cancel()
            self.step(2)(records)

        self.outcomes = [work]
        task, after = self.enqueue(), self.enqueue()
        hook = patch.object(
            self.registry["res.partner"], "_integration_task_cancelled", side_effect=KeyError("x")
        )
        with hook, self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR"):
            self.run_tasks()
        self.assertEqual((task.state, after.state), ("cancelled", "done"))

    def test_records_that_cannot_be_told_of_what_was_given_up_stop_no_lane(self):
        told, other = [], self.env["res.partner"].create({"name": "Told"})

        def cancelled(records, method_name):
            if self.partner in records:
                raise KeyError("x")
            told.append(records)

        self.outcomes = [IntegrationError("a.b", "Broken")]
        first = self.enqueue()
        given_up = self.enqueue(after=first, if_failed="cancel")
        given_up += self.enqueue(records=other, after=first, if_failed="cancel")
        last = self.enqueue()
        hook = patch.object(self.registry["res.partner"], "_integration_task_cancelled", cancelled)
        with hook, self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR") as log:
            self.run_tasks()
        self.assertEqual(given_up.mapped("state"), ["cancelled", "cancelled"])
        self.assertEqual((last.state, told, len(log.output)), ("done", [other], 1))

    def test_a_person_sees_why_a_task_cannot_be_cancelled(self):
        task = self.enqueue()
        hook = patch.object(
            self.registry["res.partner"], "_integration_task_cancelled", side_effect=UserError("Not now")
        )
        with hook, self.assertRaisesRegex(UserError, "Not now"):
            task.action_cancel()

    def test_a_task_without_steps_runs_to_its_end(self):
        self.outcomes = [lambda records: task.with_env(records.env).action_cancel()]
        task = self.enqueue()
        self.run_tasks()
        self.assertEqual(task.state, "done")
        with self.assertRaises(UserError):
            task.action_cancel()

    def test_viewers_cancel_nothing(self):
        task = self.enqueue()
        self.claim()
        with self.assertRaises(AccessError):
            task.with_user(self.integration_user("long-viewer", "viewer")).action_cancel()

    # === TIME LIMIT === #

    def _limited(self, seconds, work):
        def method(records):
            records.ref = "x"
            work(records)

        self.allow_method(METHOD, method, time_limit=seconds, max_attempts=1)
        task = self.enqueue()
        self.run_tasks()
        self.assertEqual((task.state, task.error_code, self.partner.ref), ("dead", "task.time_limit", False))
        self.assertIn(f"{seconds:g} seconds", task.error)

    def test_work_that_takes_too_long_is_ended(self):
        began = time.monotonic()
        self._limited(0.2, lambda records: busy(30))
        self.assertLess(time.monotonic() - began, 20)

    def test_a_query_that_takes_too_long_is_ended(self):
        self._limited(
            0.2, lambda records: records.env.cr.execute("SELECT pg_sleep(30)", log_exceptions=False)
        )

    def test_a_step_ends_what_cannot_be_interrupted(self):
        def work(records):
            busy(0.1)
            self.step(1)(records)

        with patch("odoo.addons.healthcare_integration_base.models.integration_queue_run.interrupted_after"):
            self._limited(0.05, work)

    def test_what_ends_in_time_is_not_disturbed(self):
        self.allow_method(METHOD, self._work(), time_limit=30)
        first, second = self.enqueue(), self.enqueue()
        self.run_tasks()
        self.assertEqual((first + second).mapped("state"), ["done", "done"])
        self.env.cr.execute("SHOW statement_timeout")
        self.assertEqual(self.env.cr.fetchone(), ("0",))

    def test_a_task_that_shares_its_transaction_has_no_time_limit(self):
        with self.assertRaises(ValueError):
            TaskOptions("Work", batchable=True, time_limit=1)


@tagged("post_install", "-at_install")
class TestProcessorTime(BatchCase):
    """The limit that Odoo sets for a pass of a cron worker does not end what a lane runs."""

    def setUp(self):
        super().setUp()
        before = resource.getrlimit(resource.RLIMIT_CPU)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CPU, before)
        self.limits = []

    def work_as_in_a_pass(self):
        """Limit this process as a worker does before a pass, and run a lane.

        :return: the limits, in seconds from now, that the tasks found
        """
        self._limit_pass()
        self.limits.clear()
        self.run_tasks()
        return self.limits

    def _limit_pass(self):
        _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (self._used() + PASS_CPU_SECONDS, hard))

    def _used(self):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return int(usage.ru_utime + usage.ru_stime)

    def note_limit(self, _records):
        self.limits.append(resource.getrlimit(resource.RLIMIT_CPU)[0] - self._used())

    def test_each_task_of_a_lane_may_use_more_than_a_pass(self):
        for is_batchable in (False, True):
            with self.subTest(batchable=is_batchable):
                self.allow_method(METHOD, self._work(), batchable=is_batchable)
                self.outcomes = [self.note_limit, lambda _records: self._limit_pass(), self.note_limit]
                for partner in self.partners[:3]:
                    self.enqueue(records=partner)
                limits = self.work_as_in_a_pass()
                self.assertEqual(len(limits), 2)
                self.assertGreater(min(limits), 10 * PASS_CPU_SECONDS)
