import datetime
import logging
import random
import time

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..errors import IntegrationError, TransientError
from ..failures import UNEXPECTED_ERROR, as_integration_error
from ..queue import RetryPolicy

_logger = logging.getLogger(__name__)

CLAIM_SIZE = 50
CONCURRENCY_RETRIES = 5


class IntegrationQueueLane(models.AbstractModel):
    """Runs the queue: claim a batch, run each task, settle it in the transaction of its effect.

    A lane is a cron record; cron workers of any number of hosts take part. The claim is a short
    committed transaction of its own, whose first statement takes rows that nobody else holds; the
    settlement is fenced by the claim's token, so that a worker that was believed dead and comes
    back changes nothing.
    """

    _inherit = "integration.queue"

    @api.model
    def _cron_run_lane(self):
        """Run due tasks until none is left or the cron's time is used up."""
        cron = self.env["ir.cron"]
        deadline = self.env.context.get("cron_end_time", float("inf"))
        self._in_own_transaction(self._take_back_lost)
        self._in_own_transaction(self._release_due)
        while time.monotonic() < deadline:
            token = self.env["integration.lease"]._new_token()
            task_ids = self._in_own_transaction(lambda: self._claim(CLAIM_SIZE, token))  # noqa: B023
            if not task_ids:
                break
            cron._commit_progress(self._run_claimed(token, task_ids, deadline))
        has_due = self._has_due()
        cron._commit_progress(remaining=int(has_due))
        self._plan_next_run(has_due)

    # === CLAIM === #

    def _claim(self, limit, token):
        """Take up to ``limit`` due tasks for this process.

        An attempt counts from here on, even if the process dies: a task that kills its worker
        reaches the dead letter all the same.

        :return: the task ids in running order
        """
        self.env.cr.execute(
            """
            UPDATE integration_task SET state = 'running', claim_token = %s, attempts = attempts + 1
             WHERE id IN (SELECT id FROM integration_task WHERE state = 'pending'
                           ORDER BY priority, id LIMIT %s FOR UPDATE SKIP LOCKED)
         RETURNING priority, id
            """,
            (token, limit),
            log_exceptions=False,
        )
        task_ids = [row[1] for row in sorted(self.env.cr.fetchall())]
        if task_ids:
            self.env["integration.lease"]._open(token)
        return task_ids

    def _take_back_lost(self):
        """Return the tasks of vanished workers to the queue, or to the dead letter after too many."""
        for token in self.env["integration.lease"]._lost_tokens():
            self.env.cr.execute(
                """
                SELECT id, attempts >= max_attempts FROM integration_task
                 WHERE state = 'running' AND claim_token = %s FOR UPDATE SKIP LOCKED
                """,
                (token,),
                log_exceptions=False,
            )
            rows = self.env.cr.fetchall()
            self._put_back([task_id for task_id, is_last in rows if not is_last], token)
            for task_id in (task_id for task_id, is_last in rows if is_last):
                self._settle_failure(
                    task_id,
                    token,
                    TransientError(
                        "task.worker_lost",
                        "The worker process ended while it ran this task, on every attempt.",
                        subject=str(task_id),
                        remedy="Look for memory or time limits in the server's log, then retry the task.",
                    ),
                )
            self.env["integration.lease"]._close(token)

    def _release_due(self):
        """Make the waiting tasks whose time has come due."""
        self.env.cr.execute(
            """
            UPDATE integration_task SET state = 'pending', eta = NULL
             WHERE id IN (SELECT id FROM integration_task
                           WHERE state = 'waiting' AND eta <= %s FOR UPDATE SKIP LOCKED)
            """,
            (self.env.cr.now(),),
            log_exceptions=False,
        )

    # === RUN === #

    def _run_claimed(self, token, task_ids, deadline=float("inf")):
        """Run claimed tasks one by one; return what does not fit before the deadline to the queue.

        :return: how many were run
        """
        run = 0
        for task_id in task_ids:
            if run and time.monotonic() >= deadline:
                self._put_back(task_ids[run:], token, uncounted=True)
                break
            self._run_task(task_id, token)
            run += 1
        self.env["integration.lease"]._close(token)
        self._commit()
        return run

    def _run_task(self, task_id, token):
        """Run one claimed task: its effect and its settlement commit together, or neither does."""
        for attempt in range(CONCURRENCY_RETRIES + 1):
            try:
                self._execute(task_id, token)
                if self._settle(task_id, token, "done"):
                    self._commit()
                else:
                    _logger.info("Task %s was taken back by another worker: its effect is dropped", task_id)
                    self.env.cr.rollback()
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                time.sleep(random.uniform(0, 0.05 * 2**attempt))
            except Exception as error:  # whatever a task raises must not stop its lane
                self.env.cr.rollback()
                self._settle_failure(task_id, token, as_integration_error(error))
                self._commit()
                return
        self._put_back([task_id], token, uncounted=True)
        self._commit()

    def _execute(self, task_id, token):
        """Make the call that the task describes, as its user in its company."""
        self.env.cr.execute(
            """
            SELECT model_name, method_name, arguments, user_id, company_id FROM integration_task
             WHERE id = %s AND claim_token = %s AND state = 'running'
            """,
            (task_id, token),
        )
        row = self.env.cr.fetchone()
        if row is None:
            return
        model_name, method_name, arguments, user_id, company_id = row
        env = api.Environment(
            self.env.cr,
            user_id,
            {
                "allowed_company_ids": [company_id],
                "integration_task_id": task_id,
                "integration_task_token": token,
            },
        )
        records = env[model_name].browse(arguments["ids"])
        if records._integration_task_options(method_name) is None:
            raise IntegrationError(
                "task.method_not_allowed",
                f"{model_name}.{method_name} may not be run by the queue.",
                remedy="Cancel the task: its method was removed or is not meant for the queue.",
            )
        getattr(records, method_name)(*arguments["args"], **arguments["kwargs"])
        env.flush_all()

    # === SETTLE === #

    def _settle(self, task_id, token, state, *, eta=None, error=None, exception=None):
        """Move a running task to its next state if this claim still holds it.

        :return: False if another worker took the task back
        """
        finished_at = self.env.cr.now() if state in ("done", "dead") else None
        self.env.cr.execute(
            """
            UPDATE integration_task
               SET state = %s, eta = %s, finished_at = %s, error = %s, error_code = %s, exception_id = %s,
                   claim_token = NULL
             WHERE id = %s AND state = 'running' AND claim_token = %s
            """,
            (
                state,
                eta,
                finished_at,
                str(error) if error else None,
                error.code if error else None,
                exception.id if exception else None,
                task_id,
                token,
            ),
        )
        return self.env.cr.rowcount == 1

    def _settle_failure(self, task_id, token, error):
        """Let a failed task wait for its next attempt, or bury it and report why.

        The task's records are left as they were: only the queue, the message and the exception change.
        """
        # A task fails under its own user, who need not be allowed to write to the queue or to messages.
        task = self.env["integration.task"].sudo().browse(task_id)
        is_retried = isinstance(error, TransientError) and task.attempts < task.max_attempts
        if is_retried:
            eta = self.env.cr.now() + self._retry_delay(task, error)
            self._settle(task_id, token, "waiting", eta=eta, error=error)
            self._wake_lanes([eta])
        else:
            exception = self.env["integration.exception"]._report(
                error, company=task.company_id, flow=task.flow_id, message=task.message_id
            )
            if not self._settle(task_id, token, "dead", error=error, exception=exception):
                self.env.cr.rollback()
                return
            task.message_id._hold(exception)
        # What a partner or a document does wrong is everyday; what nobody foresaw is for the log's readers.
        level = logging.WARNING if error.code == UNEXPECTED_ERROR else logging.INFO
        _logger.log(level, "Task %s (%s) failed: %s", task_id, task.description, error)
        task.invalidate_recordset()

    def _retry_delay(self, task, error):
        if error.retry_after is not None:
            return datetime.timedelta(seconds=error.retry_after)
        if flow := task.flow_id:
            policy = RetryPolicy(base=flow.backoff_seconds, cap=flow.backoff_cap_seconds)
        else:
            policy = self.env[task.model_name]._integration_task_options(task.method_name).retry
        return datetime.timedelta(seconds=policy.delay(task.attempts))

    def _put_back(self, task_ids, token, *, uncounted=False):
        """Return claimed tasks to the queue; an uncounted attempt is given back as well."""
        self.env.cr.execute(
            """
            UPDATE integration_task SET state = 'pending', claim_token = NULL, attempts = attempts - %s
             WHERE id = ANY(%s) AND state = 'running' AND claim_token = %s
            """,
            (int(uncounted), list(task_ids), token),
        )

    # === WHAT IS LEFT === #

    def _has_due(self):
        self.env.cr.execute("SELECT 1 FROM integration_task WHERE state = 'pending' LIMIT 1")
        return self.env.cr.fetchone() is not None

    def _plan_next_run(self, has_due):
        """Trigger this lane again: at once while work is due, else when the next wait or lease ends."""
        cron = self.env["ir.cron"].browse(self.env.context.get("cron_id"))
        if not cron:
            return
        if has_due:
            cron._trigger()
        elif wake_at := self._next_wake():
            if not self._is_triggered(cron, wake_at):
                cron._trigger(at=wake_at)
        self._commit()

    def _next_wake(self):
        self.env.cr.execute(
            """
            SELECT least((SELECT min(eta) FROM integration_task WHERE state = 'waiting'),
                         (SELECT min(expires_at) FROM integration_lease))
            """
        )
        return self.env.cr.fetchone()[0]

    def _is_triggered(self, cron, at):
        domain = [("cron_id", "=", cron.id), ("call_at", "<=", at), ("call_at", ">", self.env.cr.now())]
        return bool(self.env["ir.cron.trigger"].sudo().search_count(domain, limit=1))

    def _in_own_transaction(self, work):
        """Commit what ``work`` does; repeat it when other lanes got in its way.

        :return: what ``work`` returns, or None when the others would not let it through: they are at
            the same work, so this lane may leave it to them
        """
        for _attempt in range(CONCURRENCY_RETRIES):
            try:
                result = work()
                self._commit()
                return result
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
        return None

    def _commit(self):
        # The queue owns its transactions: claim, effect and settlement are committed one by one.
        self.env.cr.commit()  # pylint: disable=invalid-commit
