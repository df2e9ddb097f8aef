import datetime
import logging
from functools import partial

from odoo import models

from ..errors import TransientError
from ..failures import UNEXPECTED_ERROR, as_integration_error, storable
from ..queue import PostponedTask, RetryPolicy, TaskCancelled
from .integration_exception_report import Report
from .integration_queue_settlement import Outcome, bounded_wait

_logger = logging.getLogger(__name__)


class IntegrationQueueFailures(models.AbstractModel):
    """What becomes of tasks that failed: another attempt, or the dead letter and an exception.

    Those that failed together are settled in one transaction: thousands may meet the same cause. Whatever
    goes wrong in that is no single task's fault: then each is settled by itself.
    """

    _inherit = "integration.queue"

    def _settle_failures(self, failures):
        """Settle tasks of one claim whose effects were rolled back.

        :param failures: ``[(ClaimedTask, what it raised)]``
        """
        failed = [pair for pair in failures if not isinstance(pair[1], (PostponedTask, TaskCancelled))]
        settled_ids = set()
        if len(failed) > 1 and self._settle_together(failed):
            settled_ids = {task.id for task, _error in failed}
        for task, error in failures:
            if task.id not in settled_ids:
                self._settle_unsuccessful(task, error)

    def _settle_together(self, failures):
        """:return: whether that succeeded; if not, nothing is settled"""
        token = failures[0][0].token
        errors = {task.id: as_integration_error(error) for task, error in failures}
        try:
            return bool(self._in_own_transaction(partial(self._settle_errors, token, errors)))
        except Exception as unsettled:  # a mistake in the code of one record must not stop its lane
            self.env.cr.rollback()
            _logger.info("%s failures are settled one by one after %s", len(errors), type(unsettled).__name__)
            return False

    def _settle_error(self, task_id, token, error):
        """Settle a failed task, whatever it raised and whatever goes wrong in settling it.

        It would otherwise stop its lane, and all tasks behind it, on each attempt.
        """
        if isinstance(error, TaskCancelled):
            settle = partial(self._settle_cancelled, task_id, token, error)
        else:
            errors = {task_id: as_integration_error(error)}
            settle = partial(self._settle_errors, token, errors, is_tolerant=True)
        try:
            self._in_own_transaction(settle)
        except Exception as unsettled:
            self.env.cr.rollback()
            _logger.exception("Task %s did not succeed, which could not be settled", task_id)
            self._in_own_transaction(partial(self._bury, task_id, token, as_integration_error(unsettled)))

    def _settle_errors(self, token, errors, *, is_tolerant=False):
        """Let failed tasks wait for their next attempt, or bury them and report why.

        The effects of the tasks are gone: only the queue, the messages, the exceptions, and what their
        records note of the failure are written, of those tasks that the claim still holds.

        :param errors: the IntegrationError of each task, by its id
        :param bool is_tolerant: whether a mistake in the code of a task's records is logged instead of raised
        :return: True
        """
        # Tasks fail under their own users, who need not be allowed to write to the queue or to messages.
        tasks = self.env["integration.task"].sudo().browse(self._held_by_claim(list(errors), token))
        ask = self._ask_records if is_tolerant else self._asking_directly(tasks)
        for task in tasks:
            ask(task, partial(_tell_failed, method_name=task.method_name, error=errors[task.id]))
        retried = tasks.filtered(lambda task: self._may_retry(task, errors[task.id]))
        buried = tasks - retried
        retried -= retried.browse(self._cancel_asked(retried.ids, token))
        exceptions = self._report_together(buried, errors, ask)
        dead = [
            _outcome(task, "dead", errors[task.id], exception=exception)
            for task, exception in zip(buried, exceptions, strict=True)
        ]
        self._move_to(self._retry_outcomes(retried, errors) + dead, token)
        self._hold_together(buried, exceptions)
        for task in tasks:
            self._log_failure(task, errors[task.id])
        tasks.invalidate_recordset()
        return True

    def _bury(self, task_id, token, error):
        """Move a task to the dead letter, and nothing else but report why."""
        task = self.env["integration.task"].sudo().browse(task_id)
        [exception] = self._report_together(task, {task_id: error}, self._ask_records)
        self._move_to([_outcome(task, "dead", error, exception=exception)], token)

    @staticmethod
    def _log_failure(task, error):
        # What a partner or a document does wrong is everyday; what nobody foresaw is for the log's readers.
        level = logging.WARNING if error.code == UNEXPECTED_ERROR else logging.INFO
        _logger.log(level, "Task %s (%s) failed: %s", task.id, task.description, storable(str(error)))

    # === ANOTHER ATTEMPT === #

    @staticmethod
    def _may_retry(task, error):
        return isinstance(error, TransientError) and task.attempts < task.max_attempts

    def _retry_outcomes(self, tasks, errors):
        now = self.env.cr.now()
        etas = {task.id: now + self._retry_delay(task, errors[task.id]) for task in tasks}
        if etas:
            self._wake_lanes(set(etas.values()))
        return [_outcome(task, "waiting", errors[task.id], eta=etas[task.id]) for task in tasks]

    def _retry_delay(self, task, error):
        if error.retry_after is not None:
            return bounded_wait(error.retry_after)
        options = self._options_of(task.model_name, task.method_name)
        if flow := task.flow_id:
            policy = RetryPolicy(base=flow.backoff_seconds, cap=flow.backoff_cap_seconds)
        else:
            policy = options.retry if options else RetryPolicy()
        return datetime.timedelta(seconds=policy.delay(task.attempts))

    # === THE DEAD LETTER === #

    def _report_together(self, tasks, errors, ask):
        """Return the exception that each task died of; each cause is one."""
        reports = [
            Report(
                errors[task.id],
                company=task.company_id,
                flow=task.flow_id,
                message=task.message_id,
                **(ask(task, lambda records: records._integration_task_context()) or {}),
            )
            for task in tasks
        ]
        return self.env["integration.exception"]._report_each(reports)

    def _hold_together(self, tasks, exceptions):
        """Hold the messages of dead tasks."""
        held = {}
        for task, exception in zip(tasks, exceptions, strict=True):
            held[exception] = held.get(exception, task.message_id) | task.message_id
        for exception, messages in held.items():
            messages._hold(exception)

    # === THE RECORDS OF TASKS === #

    def _asking_directly(self, tasks):
        """Return a function as :meth:`_ask_records` that lets pass what the code of a record raises."""
        records = self._records_by_task(tasks)
        return lambda task, ask: ask(records[task])

    def _records_by_task(self, tasks):
        """Return the records that each task works on, as far as they exist, as a dict."""
        by_task = {}
        for group in tasks.grouped("model_name").values():
            existing = self._records(group)
            known_ids = set(existing.ids)
            for task in group:
                ids = [record_id for record_id in task.arguments["ids"] if record_id in known_ids]
                by_task[task] = existing.browse(ids).with_prefetch(existing.ids)
        return by_task


def _tell_failed(records, method_name, error):
    records._integration_task_failed(method_name, error)


def _outcome(task, state, error, *, eta=None, exception=None):
    return Outcome(task.id, state, eta, exception and exception.id, error.code, storable(error.as_text()))
