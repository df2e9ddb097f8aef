"""What happens when two transactions meet, on real connections: nothing here is undone by a rollback."""

import threading
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import partial

import psycopg2.errors

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from ..errors import MappingError, TransientError
from ..queue import TaskCancelled, running
from .common import IntegrationCase

KEY = "concurrency test"
FILE = b"ISA*concurrency test, the same content from two mailboxes"


@tagged("post_install", "-at_install")
class TestConcurrency(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_committed)

    @contextmanager
    def transaction(self):
        """Yield the queue in a transaction of its own on a real connection; it is the test's to commit.

        To be opened by the test's own thread, which holds the lock of the registry; others may use it.
        """
        with self.registry.cursor() as cr:
            try:
                yield api.Environment(cr, SUPERUSER_ID, {})["integration.queue"]
            finally:
                cr.rollback()

    def _delete_committed(self):
        with self.registry.cursor() as cr:
            cr.execute(
                """
                DELETE FROM integration_task WHERE identity_key LIKE %(key)s || '%%' OR description = %(key)s;
                DELETE FROM integration_lease WHERE token LIKE %(key)s || '%%';
                DELETE FROM integration_exception WHERE subject = %(key)s;
                DELETE FROM integration_message WHERE file_name LIKE %(key)s || '%%';
                DELETE FROM integration_endpoint WHERE name LIKE %(key)s || '%%';
                DELETE FROM integration_system WHERE code = %(key)s;
                """,
                {"key": KEY},
            )
            cr.commit()

    def _enqueue(self, queue, number=0, **options):
        """Enqueue a task that no lane of a server may happen to run: it is due in a year."""
        call = queue._describe_call(queue.env["integration.endpoint"].browse(1), "_poll", (), {}, options)
        [task] = queue._enqueue([{**call, "identity_key": options.get("identity_key", f"{KEY} {number}")}])
        return task

    def _drop_triggers(self, queue):
        # The test's server has no business with these tasks.
        queue.env.cr.precommit.clear()

    def _commit_tasks(self, count):
        with self.transaction() as queue:
            ids = [self._enqueue(queue, number).id for number in range(count)]
            self._drop_triggers(queue)
            queue.env.cr.commit()
        return ids

    def test_a_trigger_that_a_running_lane_uses_up_wakes_nobody(self):
        def drop(queue):
            queue.env.cr.execute("DELETE FROM ir_cron_trigger WHERE cron_id = ANY(%s)", (queue._lanes().ids,))

        def is_woken(queue):
            queue._wake_idle_lanes()
            return bool(queue.env.cr.precommit.data.pop("integration.queue.wake", None))

        with self.transaction() as queue, self.transaction() as scheduler, self.transaction() as bell:
            drop(queue)
            for lane in queue._lanes():
                lane._trigger(at=queue.env.cr.now())
            queue.env.cr.commit()
            self.assertFalse(is_woken(bell))
            bell.env.cr.rollback()
            drop(scheduler)
            self.assertTrue(is_woken(bell), "the lanes may have looked for work already")
            bell.env.cr.rollback()
            scheduler.env.cr.commit()

    def test_two_claims_never_share_a_task(self):
        ids = self._commit_tasks(20)
        with self.transaction() as one, self.transaction() as other:
            first = one._claim(8, f"{KEY} one")
            second = other._claim(50, f"{KEY} other")
            self.assertEqual((len(first), len(second)), (8, 12))
            self.assertEqual(sorted(task.id for task in first + second), ids)

    def test_many_lanes_at_once_run_each_task_once(self):
        ids = self._commit_tasks(200)
        claimed, lock = [], threading.Lock()

        def work(queue, name):
            number = 0
            while found := queue._in_own_transaction(partial(queue._claim, 7, f"{KEY} {name} {number}")):
                number += 1
                with lock:
                    claimed.extend(task.id for task in found)

        with ExitStack() as stack:
            queues = [stack.enter_context(self.transaction()) for _lane in range(4)]
            threads = [threading.Thread(target=work, args=(queue, name)) for name, queue in enumerate(queues)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            # A lane may give up when others are always faster: what is left is claimed here.
            work(queues[0], "last")
        self.assertEqual(sorted(claimed), ids)

    def test_two_transactions_enqueue_the_same_key(self):
        with self.transaction() as one, self.transaction() as other:
            for queue in (one, other):
                queue.env.cr.execute("SELECT 1")
            first = self._enqueue(one, identity_key=KEY)
            self._drop_triggers(one)
            one.env.cr.commit()
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                self._enqueue(other, identity_key=KEY)
            other.env.cr.rollback()
            self.assertEqual(self._enqueue(other, identity_key=KEY).id, first.id, "the repeat finds it")

    def test_a_key_that_is_rolled_back_is_free(self):
        with self.transaction() as one, self.transaction() as other:
            first = self._enqueue(one, identity_key=KEY)
            one.env.cr.rollback()
            self.assertNotEqual(self._enqueue(other, identity_key=KEY).id, first.id)

    def _commit_dead(self, count):
        ids = self._commit_tasks(count)
        with self.transaction() as queue:
            queue.env.cr.execute("UPDATE integration_task SET state = 'dead' WHERE id = ANY(%s)", (ids,))
            queue.env.cr.commit()
        return ids

    def _states(self, ids):
        with self.transaction() as queue:
            return queue.env["integration.task"].browse(ids).mapped("state")

    def test_a_retry_gives_way_to_what_was_enqueued_at_this_moment(self):
        ids = self._commit_dead(5)
        with self.transaction() as retrying, self.transaction() as other:
            retrying.env.cr.execute("SELECT 1")
            for number in (1, 4):
                self._enqueue(other, number)
            self._drop_triggers(other)
            other.env.cr.commit()
            tasks = retrying.env["integration.task"].browse(ids)
            self.assertEqual(set(retrying._requeue(tasks).ids), {ids[1], ids[4]})
            self.assertIn("already does this work", tasks[1].error)
            self._drop_triggers(retrying)
            retrying.env.cr.commit()
        self.assertEqual(self._states(ids), ["pending", "cancelled", "pending", "pending", "cancelled"])

    def test_a_retry_waits_for_what_is_being_enqueued(self):
        """It gives way if that is committed, and goes on if it is not."""
        for is_committed, state in ((True, "cancelled"), (False, "pending")):
            ids, needless = self._commit_dead(1), []

            def retry(queue, ids=ids, needless=needless):
                needless += queue._requeue(queue.env["integration.task"].browse(ids)).ids
                self._drop_triggers(queue)
                queue.env.cr.commit()

            with self.transaction() as retrying, self.transaction() as other:
                self._enqueue(other)
                self._drop_triggers(other)
                thread = threading.Thread(target=retry, args=(retrying,))
                thread.start()
                thread.join(0.5)
                self.assertTrue(thread.is_alive(), "the retry waits for the other transaction")
                other.env.cr.commit() if is_committed else other.env.cr.rollback()
                thread.join(60)
            self.assertEqual((self._states(ids), needless), ([state], ids if is_committed else []))
            self._delete_committed()

    def test_two_lanes_settle_failures_of_the_same_causes_at_once(self):
        ids = self._commit_tasks(8)

        def failures(tasks, causes):
            return [
                (task, MappingError(f"test.{cause}", "Unknown", subject=KEY))
                for task, cause in zip(tasks, causes, strict=True)
            ]

        with self.transaction() as one, self.transaction() as other:
            claimed = [queue._claim(4, f"{KEY} {name}") for name, queue in (("one", one), ("other", other))]
            for queue in (one, other):
                queue.env.cr.commit()
                queue.env.cr.execute("SELECT 1")
            threads = [
                threading.Thread(target=queue._settle_failures, args=(failures(tasks, causes),))
                for queue, tasks, causes in ((one, claimed[0], "abab"), (other, claimed[1], "baba"))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        with self.transaction() as queue:
            tasks = queue.env["integration.task"].browse(ids)
            self.assertEqual(set(tasks.mapped("state")), {"dead"})
            self.assertEqual(sorted(tasks.exception_id.mapped("code")), ["test.a", "test.b"])
            self.assertEqual([len(exception.waiting_task_ids) for exception in tasks.exception_id], [4, 4])

    def test_two_exceptions_of_one_cause_at_once_are_one(self):
        error = MappingError("test.unknown_payer", "An unknown payer", subject=KEY)

        def report(queue):
            return queue.env["integration.exception"]._report(error, company=queue.env.company)

        with self.transaction() as one, self.transaction() as other:
            for queue in (one, other):
                queue.env.cr.execute("SELECT 1")
            first = report(one)
            one.env.cr.commit()
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                report(other)
            other.env.cr.rollback()
            self.assertEqual(report(other).id, first.id)

    def test_two_documents_that_meet_an_open_exception_at_once_count_both(self):
        error = MappingError("test.unknown_payer", "An unknown payer", subject=KEY, amount=Decimal(10))

        def report(queue, document_id):
            document = queue.env["res.users"].browse(document_id)
            return queue.env["integration.exception"]._report(
                error, company=queue.env.company, record=document
            )

        with self.transaction() as one, self.transaction() as other:
            report(one, 1)
            one.env.cr.commit()
            for queue in (one, other):
                queue.env.cr.execute("SELECT 1")
            for document_id, queue in enumerate((one, other), start=2):
                report(queue, document_id)
                queue.env.flush_all()
            one.env.cr.commit()
            other.env.cr.commit()
            self.assertEqual(report(one, 1).amount, 30)

    def test_two_lanes_take_back_the_same_lost_batch(self):
        [task_id] = self._commit_tasks(1)
        token = f"{KEY} lost"
        with self.transaction() as queue:
            queue._claim(1, token)
            queue.env.cr.execute("UPDATE integration_lease SET expires_at = now() - interval '1 day'")
            queue.env.cr.commit()
        with self.transaction() as one, self.transaction() as other:
            one._take_back(token)
            # While the first is at it, the other leaves lease and task alone.
            other._take_back(token)
            other.env.cr.commit()
            one.env.cr.commit()
        self.assertEqual(self._task(task_id), ("pending", 1))
        with self.transaction() as queue:
            self.assertFalse(queue.env["integration.lease"].search([("token", "=", token)]))

    def test_a_worker_that_settles_at_this_moment_keeps_its_task(self):
        [task_id] = self._commit_tasks(1)
        token = f"{KEY} slow"
        with self.transaction() as slow, self.transaction() as other:
            slow._claim(1, token)
            slow.env.cr.execute("UPDATE integration_lease SET expires_at = now() - interval '1 day'")
            slow.env.cr.commit()
            self.assertTrue(slow._settle_done([task_id], token))
            other._take_back(token)
            other.env.cr.commit()
            # Had the slow one died here, the lease must still be there for the next to take the task back.
            slow.env.cr.rollback()
            other._take_back(token)
            other.env.cr.commit()
        self.assertEqual(self._task(task_id), ("pending", 1))

    def test_a_worker_that_comes_back_too_late_changes_nothing(self):
        [task_id] = self._commit_tasks(1)
        with self.transaction() as slow, self.transaction() as other:
            slow._claim(1, f"{KEY} slow")
            slow.env.cr.commit()
            slow.env.cr.execute("SELECT 1")
            other.env.cr.execute(
                "UPDATE integration_task SET claim_token = %s WHERE id = %s", (f"{KEY} other", task_id)
            )
            other.env.cr.commit()
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                slow._settle_done([task_id], f"{KEY} slow")
            slow.env.cr.rollback()
            self.assertFalse(slow._settle_done([task_id], f"{KEY} slow"))
            slow._settle_error(task_id, f"{KEY} slow", TransientError("a.b", "Away"))
        self.assertEqual(self._task(task_id), ("running", 1))

    def test_a_lease_is_renewed_while_its_task_is_in_a_transaction(self):
        self._commit_tasks(1)
        token = f"{KEY} long"
        with self.transaction() as worker:
            [task] = worker._claim(1, token)
            worker.env.cr.execute("UPDATE integration_lease SET expires_at = now() - interval '1 day'")
            worker.env.cr.commit()
            worker.env.cr.execute("SELECT 1")
            with running(task):
                worker.env["integration.lease"]._keep_alive()
            with self.transaction() as other:
                self.assertNotIn(token, other.env["integration.lease"]._lost_tokens())
            self.assertTrue(worker._settle_done([task.id], token), "renewing does not touch the task")

    def test_progress_shows_before_the_commit_and_does_not_refuse_the_settlement(self):
        self._commit_tasks(1)
        token = f"{KEY} progress"
        with self.transaction() as worker:
            [task] = worker._claim(1, token)
            worker.env.cr.commit()
            worker.env.cr.execute("SELECT 1")
            with running(task):
                worker.env["integration.task.progress"]._step(1, 2, "Half")
            with self.transaction() as other:
                record = other.env["integration.task"].browse(task.id)
                self.assertEqual((record.progress, record.progress_note), (50, "Half"))
                record.action_cancel()
                other.env.cr.commit()
            with running(task), self.assertRaises(TaskCancelled):
                worker.env["integration.task.progress"]._step(2, 2)
            self.assertTrue(worker._settle_done([task.id], token), "nothing has touched the task's row")

    def _task(self, task_id):
        with self.transaction() as queue:
            task = queue.env["integration.task"].browse(task_id)
            return task.state, task.attempts

    # === THE SAME FILE TWICE === #

    def _committed_endpoints(self):
        with self.transaction() as queue:
            system = queue.env["integration.system"].create({"name": KEY, "code": KEY, "category": "other"})
            values = {"system_id": system.id, "transport": "folder", "base_path": "/nowhere"}
            endpoints = queue.env["integration.endpoint"].create(
                [{**values, "name": f"{KEY} {number}"} for number in (1, 2)]
            )
            queue.env.cr.commit()
            return endpoints.ids

    def test_the_same_content_from_two_endpoints_at_once_is_taken_once(self):
        endpoint_ids = self._committed_endpoints()
        outcomes = {}

        def receive(queue, position):
            endpoint = queue.env["integration.endpoint"].browse(endpoint_ids[position])
            message = queue.env["integration.message"]._receive(endpoint, f"{KEY} {position}", [FILE])
            self._drop_triggers(queue)
            return message

        def receive_again(queue):
            # Meets the first while it is not committed, waits for it, then is run again as a lane does.
            for attempt in range(2):
                try:
                    outcomes["message"] = receive(queue, 1).read(["state", "duplicate_of_id"])[0]
                    queue.env.cr.commit()
                    return
                except psycopg2.errors.SerializationFailure:
                    outcomes["conflicts"] = attempt + 1
                    queue.env.cr.rollback()

        with self.transaction() as first, self.transaction() as second:
            original = receive(first, 0)
            thread = threading.Thread(target=receive_again, args=(second,))
            thread.start()
            # Long enough for the second to be waiting for the key.
            thread.join(1.0)
            self.assertTrue(thread.is_alive(), "the second waits for the first")
            first.env.cr.commit()
            thread.join(60)
        self.assertEqual(outcomes["conflicts"], 1)
        self.assertEqual(outcomes["message"]["state"], "duplicate")
        self.assertEqual(outcomes["message"]["duplicate_of_id"][0], original.id)
        with self.transaction() as queue:
            queue.env.cr.execute(
                "SELECT message_id FROM integration_message_chunk WHERE message_id IN"
                " (SELECT id FROM integration_message WHERE file_name LIKE %s)",
                (f"{KEY}%",),
            )
            self.assertEqual(queue.env.cr.fetchall(), [(original.id,)], "the duplicate keeps no second copy")
