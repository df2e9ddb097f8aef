import datetime
import logging
from functools import partial

from odoo import models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..errors import TransientError
from ..failures import UNEXPECTED_ERROR, as_integration_error, storable
from ..queue import RetryPolicy, TaskCancelled

_logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 86_400


class IntegrationQueueSettlement(models.AbstractModel):
    """How a run of a task ends: done, waiting for another attempt, dead, or back in the queue.

    Every step is fenced by the claim's token: it changes nothing once another worker has the task.
    """

    _inherit = "integration.queue"

    def _settle(self, task_id, token, state, *, eta=None, error=None, exception=None):
        """Move a failed task to its next state if this claim still holds it.

        :return: False if another worker took the task back
        """
        finished_at = self.env.cr.now() if state in ("dead", "cancelled") else None
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
                storable(error.as_text()) if error else None,
                error.code if error else None,
                exception.id if exception else None,
                task_id,
                token,
            ),
            log_exceptions=False,
        )
        return self.env.cr.rowcount == 1

    def _settle_done(self, task_ids, token):
        """Move running tasks to done, those that this claim still holds.

        :return: how many it holds
        """
        self.env.cr.execute(
            """
            UPDATE integration_task
               SET state = 'done', finished_at = %s, error = NULL, error_code = NULL, claim_token = NULL
             WHERE id = ANY(%s) AND state = 'running' AND claim_token = %s
            """,
            (self.env.cr.now(), list(task_ids), token),
            log_exceptions=False,
        )
        return self.env.cr.rowcount

    def _put_back(self, task_ids, token, *, uncounted=False):
        """Return claimed tasks to the queue; an uncounted attempt is given back as well."""
        self.env.cr.execute(
            """
            UPDATE integration_task SET state = 'pending', claim_token = NULL, attempts = attempts - %s
             WHERE id = ANY(%s) AND state = 'running' AND claim_token = %s
            """,
            (int(uncounted), list(task_ids), token),
            log_exceptions=False,
        )

    def _postpone(self, task_id, token, postponed):
        """Let a task wait that says its time has not come; the attempt does not count."""
        eta = self.env.cr.now() + _wait(postponed.seconds)
        self.env.cr.execute(
            """
            UPDATE integration_task
               SET state = 'waiting', eta = %s, error = %s, error_code = NULL, claim_token = NULL,
                   attempts = attempts - 1
             WHERE id = %s AND state = 'running' AND claim_token = %s
            """,
            (eta, storable(postponed.reason), task_id, token),
            log_exceptions=False,
        )
        self._wake_lanes([eta])

    def _settle_cancelled(self, task_id, token, cancelled):
        """Give up a task that was asked to end while it ran; its records and its message are told so."""
        if not self._holds_claim(task_id, token):
            return
        task = self.env["integration.task"].sudo().browse(task_id)
        self._settle(task_id, token, "cancelled")
        task.invalidate_recordset()
        self._ask_records(task, lambda records: records._integration_task_cancelled(task.method_name))
        user = self.env["res.users"].sudo().browse(cancelled.user_id)
        task.message_id._hold_unprocessed(self.env._("Its task was cancelled by %s.", user.name or ""))

    # === FAILURES === #

    def _settle_error(self, task_id, token, error):
        """Settle a failed task, whatever it raised and whatever goes wrong in settling it."""
        if isinstance(error, TaskCancelled):
            settle = partial(self._settle_cancelled, task_id, token, error)
        else:
            settle = partial(self._settle_failure, task_id, token, as_integration_error(error))
        self._settle_or_bury(task_id, token, settle)

    def _settle_or_bury(self, task_id, token, settle):
        """Settle a task in a transaction of its own, or bury it with the error of that.

        It would otherwise stop its lane, and all tasks behind it, on each attempt.
        """
        try:
            self._in_own_transaction(settle)
        except Exception as unsettled:
            self.env.cr.rollback()
            _logger.exception("Task %s did not succeed, which could not be settled", task_id)
            self._in_own_transaction(partial(self._bury, task_id, token, as_integration_error(unsettled)))

    def _settle_failure(self, task_id, token, error):
        """Let a failed task wait for its next attempt, or bury it and report why.

        The effects of the task are gone: only the queue, the message, the exception, and what its
        records note of the failure are written.
        """
        if not self._holds_claim(task_id, token):
            return
        # A task fails under its own user, who need not be allowed to write to the queue or to messages.
        task = self.env["integration.task"].sudo().browse(task_id)
        self._tell_records(task, error)
        if self._may_retry(task, error):
            eta = self.env.cr.now() + self._retry_delay(task, error)
            self._settle(task_id, token, "waiting", eta=eta, error=error)
            self._wake_lanes([eta])
        else:
            exception = self._bury(task_id, token, error)
            task.message_id._hold(exception)
        self._log_failure(task, error)
        task.invalidate_recordset()

    @staticmethod
    def _may_retry(task, error):
        return isinstance(error, TransientError) and task.attempts < task.max_attempts

    @staticmethod
    def _log_failure(task, error):
        # What a partner or a document does wrong is everyday; what nobody foresaw is for the log's readers.
        level = logging.WARNING if error.code == UNEXPECTED_ERROR else logging.INFO
        _logger.log(level, "Task %s (%s) failed: %s", task.id, task.description, storable(str(error)))

    def _holds_claim(self, task_id, token):
        """Tell whether the claim still holds the task, and see to it that it does until the commit."""
        self.env.cr.execute(
            """
            SELECT 1 FROM integration_task WHERE id = %s AND state = 'running' AND claim_token = %s
               FOR UPDATE
            """,
            (task_id, token),
            log_exceptions=False,
        )
        return self.env.cr.fetchone() is not None

    def _bury(self, task_id, token, error):
        """Move a task to the dead letter and report the exception that it waits for from now on."""
        task = self.env["integration.task"].sudo().browse(task_id)
        exception = self.env["integration.exception"]._report(
            error,
            company=task.company_id,
            flow=task.flow_id,
            message=task.message_id,
            **self._exception_context(task),
        )
        self._settle(task_id, token, "dead", error=error, exception=exception)
        return exception

    def _retry_delay(self, task, error):
        if error.retry_after is not None:
            return _wait(error.retry_after)
        options = self._options_of(task.model_name, task.method_name)
        if flow := task.flow_id:
            policy = RetryPolicy(base=flow.backoff_seconds, cap=flow.backoff_cap_seconds)
        else:
            policy = options.retry if options else RetryPolicy()
        return datetime.timedelta(seconds=policy.delay(task.attempts))

    # === THE RECORDS OF A TASK === #

    def _tell_records(self, task, error):
        """Let the records note the failure."""
        self._ask_records(task, lambda records: records._integration_task_failed(task.method_name, error))

    def _exception_context(self, task):
        """Return what the records add to the exception, as keywords of ``_report``."""
        return self._ask_records(task, lambda records: records._integration_task_context()) or {}

    def _ask_records(self, task, ask):
        """Return what the records of a task answer; a mistake in their code must not stop the settlement."""
        try:
            with self.env.cr.savepoint():
                return ask(self._records(task))
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            _logger.exception("The records of task %s could not be told what became of it", task.id)
            return None

    def _records(self, tasks):
        """Return the records that tasks of one model work on, as far as they exist."""
        model_name = tasks[0].model_name
        if model_name not in self.env:
            return self.env["integration.task"]
        ids = [record_id for task in tasks for record_id in task.arguments["ids"]]
        return self.env[model_name].sudo().browse(ids).exists()


def _wait(seconds):
    """Return a wait of so many seconds, at least none and at most a day."""
    return datetime.timedelta(seconds=min(max(seconds, 0), LONGEST_WAIT_SECONDS))
