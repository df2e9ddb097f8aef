import logging
import random
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from itertools import takewhile

import psycopg2.errors

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..errors import IntegrationError
from ..queue import (
    PostponedTask,
    TaskCancelled,
    TimeLimitReached,
    allow_cpu_time,
    interrupted_after,
    running,
)
from .integration_lease import LEASE_SECONDS
from .integration_queue_claim import LARGEST_BATCH
from .integration_queue_lane import CONCURRENCY_RETRIES

_logger = logging.getLogger(__name__)

BATCH_SECONDS = 2.0


class ClaimLost(Exception):
    """Another worker took tasks of a batch back: what was done for them must not be committed."""


class SetAside:
    """Failures of a claim that are settled together, so that one cause costs one transaction.

    They wait while tasks of the same method run, of which none is begun when they have waited for some
    seconds. A task of another method, that may take long, is not waited for.
    """

    def __init__(self):
        self._failures = []
        self._first_at = None

    def add(self, task, error):
        if not self._failures:
            self._first_at = time.monotonic()
        self._failures.append((task, error))

    def are_due(self, next_task):
        """Tell whether they should be settled before the next task is begun."""
        if not self._failures:
            return False
        last_task, _error = self._failures[-1]
        return (
            (next_task.model_name, next_task.method_name) != (last_task.model_name, last_task.method_name)
            or len(self._failures) >= LARGEST_BATCH
            or time.monotonic() - self._first_at > BATCH_SECONDS
        )

    def take(self):
        """Return ``[(ClaimedTask, error)]`` and forget them."""
        failures, self._failures = self._failures, []
        return failures


class IntegrationQueueRun(models.AbstractModel):
    """Runs claimed tasks: each in a transaction of its own, or those that may share one together.

    Effect and settlement commit together or not at all, whichever it is.
    """

    _inherit = "integration.queue"

    def _run_claimed(self, token, tasks, deadline=float("inf")):
        """Run claimed tasks in order; return what does not fit before the deadline to the queue.

        :return: how many were run, at least one
        """
        leases, renewed_at, run = self.env["integration.lease"], time.monotonic(), 0
        failures = SetAside()
        while run < len(tasks):
            if run and time.monotonic() >= deadline:
                left = [task.id for task in tasks[run:]]
                self._in_own_transaction(partial(self._leave_to_others, left, token))
                break
            if time.monotonic() - renewed_at > LEASE_SECONDS / 3:
                if not leases._renew(token):
                    _logger.info("The claim %s was taken back by another worker", token)
                    break
                renewed_at = time.monotonic()
            if failures.are_due(tasks[run]):
                self._settle_failures(failures.take())
            run += self._run_next(tasks, run, failures)
        self._settle_failures(failures.take())
        self._in_own_transaction(lambda: self._close_claim(token, run))
        return run

    def _leave_to_others(self, task_ids, token):
        """Put back what was claimed and not begun; a lane that found nothing meanwhile may run it at once."""
        self._put_back(task_ids, token, uncounted=True)
        self._wake_lanes([None])

    def _close_claim(self, token, run):
        # One commit for both, though several more would do no harm but to the speed.
        self.env["integration.lease"]._close(token)
        self.env["ir.cron"]._commit_progress(run)

    def _run_next(self, tasks, position, failures):
        """Run the task at a position, and those behind it that may share its transaction.

        :param failures: the :class:`SetAside` for those that are settled later
        :return: how many were run
        """
        batch = self._leading_batch(tasks[position : position + LARGEST_BATCH])
        if len(batch) > 1:
            return self._run_batch(batch)
        self._run_task(tasks[position], failures)
        return 1

    def _leading_batch(self, tasks):
        """Return those of the first tasks that may share a transaction.

        What failed or was lost before runs by itself: should it end its worker, it is known for that.
        """
        return list(takewhile(lambda task: task.attempts == 1 and self._is_batchable(task), tasks))

    def _is_batchable(self, task):
        options = self._options_of(task.model_name, task.method_name)
        return bool(options and options.batchable)

    # === ONE BY ONE === #

    def _run_task(self, task, failures=None):
        """Run one claimed task: its effect and its settlement commit together, or neither does.

        :param failures: the :class:`SetAside` where a failure is kept; without it is settled at once
        """
        for attempt in range(CONCURRENCY_RETRIES + 1):
            try:
                self._execute(task)
                if self._settle_done([task.id], task.token):
                    self._commit()
                else:
                    _logger.info("Task %s was taken back by another worker: its effect is dropped", task.id)
                    self.env.cr.rollback()
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                time.sleep(random.uniform(0, 0.05 * 2**attempt))
            except Exception as error:  # whatever a task raises must not stop its lane
                self.env.cr.rollback()
                if failures is None or not self._set_aside(task, error, failures):
                    self._settle_unsuccessful(task, error)
                return
        self._in_own_transaction(lambda: self._put_back([task.id], task.token, uncounted=True))

    def _set_aside(self, task, error, failures):
        """Keep a failure, to be settled with others of its claim, and note that it was run to its end.

        :return: whether it was kept
        """
        if isinstance(error, (PostponedTask, TaskCancelled)):
            return False
        # Should the worker be lost in a later task, this one must not be taken for the cause.
        note = partial(self.env["integration.lease"]._note_failed, task.token, task.id)
        if not self._in_own_transaction(note):
            return False
        failures.add(task, error)
        return True

    def _settle_unsuccessful(self, task, error):
        """Settle a task whose effects were rolled back, in a transaction of its own."""
        if isinstance(error, PostponedTask):
            self._in_own_transaction(partial(self._postpone, task.id, task.token, error))
        else:
            self._settle_error(task.id, task.token, error)

    # === SEVERAL IN ONE TRANSACTION === #

    def _run_batch(self, tasks):
        """Run tasks with a savepoint each and settle and commit them together, for about two seconds.

        What goes wrong with the transaction is no single task's fault: then each is run by itself.

        :return: how many of them were run, from the first on
        """
        run, failures, prefetch_ids = 0, [], defaultdict(list)
        for task in tasks:
            prefetch_ids[task.model_name] += task.arguments["ids"]
        end = time.monotonic() + BATCH_SECONDS
        try:
            while run < len(tasks) and (not run or time.monotonic() < end):
                task = tasks[run]
                run += 1
                if error := self._run_in_savepoint(task, prefetch_ids[task.model_name]):
                    failures.append((task, error))
            self._commit_batch(tasks[:run], {task.id for task, _error in failures})
        except Exception as error:  # no failure of a batch may stop its lane
            self.env.cr.rollback()
            _logger.info("%s tasks are run one by one after %s", run, type(error).__name__)
            for task in tasks[:run]:
                self._run_task(task)
            return run
        self._settle_failures(failures)
        return run

    def _run_in_savepoint(self, task, prefetch_ids):
        """Run a task within the transaction of its batch.

        :return: what it raised, after its effects were undone; None if it succeeded
        """
        hooks = len(self.env.cr.postcommit)
        try:
            with self.env.cr.savepoint():
                self._execute(task, prefetch_ids)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            if len(self.env.cr.postcommit) != hooks:
                # What it wants done after the commit cannot be told apart from the others' any more.
                raise
            return error
        return None

    def _commit_batch(self, tasks, failed_ids):
        """:raise ClaimLost: if the claim does not hold all of the tasks any more"""
        done = [task.id for task in tasks if task.id not in failed_ids]
        if done and self._settle_done(done, tasks[0].token) != len(done):
            raise ClaimLost
        self._commit()

    # === THE CALL === #

    def _execute(self, task, prefetch_ids=()):
        """Make the call that a task describes, as its user in its company.

        :param prefetch_ids: records of the same model that are likely to be read next
        """
        options = self._options_of(task.model_name, task.method_name)
        if options is None:
            call = f"{task.model_name}.{task.method_name}"
            raise IntegrationError(
                "task.method_not_allowed",
                f"{call} may not be run by the queue.",
                subject=call,
                remedy="Install the addon again that brings it, or cancel the task.",
            )
        env = api.Environment(self.env.cr, task.user_id, {"allowed_company_ids": [task.company_id]})
        records = env[task.model_name].browse(task.arguments["ids"])
        if prefetch_ids:
            records = records.with_prefetch(prefetch_ids)
        allow_cpu_time()
        with running(task, options.time_limit) as run, self._time_limited(run):
            getattr(records, task.method_name)(*task.arguments["args"], **task.arguments["kwargs"])
            env.flush_all()

    @contextmanager
    def _time_limited(self, run):
        """:raise TransientError: in place of whatever a run raises that has used up its time"""
        if run.time_limit is None:
            yield
            return
        # What waits for the database cannot be interrupted from here.
        self.env.cr.execute("SELECT set_config('statement_timeout', %s, TRUE)", (f"{run.time_limit}s",))
        try:
            with interrupted_after(run.time_limit):
                yield
            self.env.cr.execute("SET LOCAL statement_timeout TO DEFAULT")
        except (TimeLimitReached, psycopg2.errors.QueryCanceled) as interruption:
            raise self.env["integration.task.progress"]._time_is_up(run) from interruption

    def _options_of(self, model_name, method_name):
        """Return the :class:`TaskOptions` of a method; None if it may not be run, or is there no more."""
        if model_name not in self.env:
            return None
        return self.env[model_name]._integration_task_options(method_name)
