import logging
from functools import partial
from typing import NamedTuple

from odoo import models

from ..failures import as_integration_error, storable
from ..queue import PostponedTask, TaskCancelled
from .integration_exception_report import Report

_logger = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """The next state of a failed task, as a row of the statement that settles it."""

    task_id: int
    state: str
    eta: object
    exception_id: int | None
    error_code: str
    error: str


class IntegrationQueueBatchSettlement(models.AbstractModel):
    """Settles tasks that failed together in one transaction: thousands may meet the same cause.

    Whatever goes wrong in that is no single task's fault: then each is settled by itself.
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

    def _settle_errors(self, token, errors):
        """Settle those tasks that the claim still holds, as :meth:`_settle_failure` does each.

        :param errors: the IntegrationError of each task, by its id
        :return: True
        """
        tasks = self.env["integration.task"].sudo().browse(self._held_by_claim(list(errors), token))
        records = self._records_by_task(tasks)
        for task in tasks:
            records[task]._integration_task_failed(task.method_name, errors[task.id])
        retried = tasks.filtered(lambda task: self._may_retry(task, errors[task.id]))
        buried = tasks - retried
        exceptions = self._report_together(buried, errors, records)
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

    def _held_by_claim(self, task_ids, token):
        """Return those tasks that the claim still holds, and see to it that it does until the commit."""
        self.env.cr.execute(
            """
            SELECT id FROM integration_task WHERE id = ANY(%s) AND state = 'running' AND claim_token = %s
             ORDER BY id FOR UPDATE
            """,
            (task_ids, token),
            log_exceptions=False,
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _retry_outcomes(self, tasks, errors):
        now = self.env.cr.now()
        etas = {task.id: now + self._retry_delay(task, errors[task.id]) for task in tasks}
        if etas:
            self._wake_lanes(set(etas.values()))
        return [_outcome(task, "waiting", errors[task.id], eta=etas[task.id]) for task in tasks]

    def _report_together(self, tasks, errors, records):
        """Return the exception that each task died of; each cause is one."""
        reports = [
            Report(
                errors[task.id],
                company=task.company_id,
                flow=task.flow_id,
                message=task.message_id,
                **records[task]._integration_task_context(),
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

    def _move_to(self, outcomes, token):
        """Move failed tasks to their next states, with one statement."""
        if not outcomes:
            return
        self.env.cr.execute(
            """
            UPDATE integration_task AS task
               SET state = new.state, eta = new.eta, exception_id = new.exception_id,
                   error_code = new.error_code, error = new.error, claim_token = NULL,
                   finished_at = CASE WHEN new.state = 'dead' THEN %s END
              FROM unnest(%s::int[], %s::text[], %s::timestamp[], %s::int[], %s::text[], %s::text[])
                   AS new (id, state, eta, exception_id, error_code, error)
             WHERE task.id = new.id AND task.state = 'running' AND task.claim_token = %s
            """,
            (self.env.cr.now(), *(list(column) for column in zip(*outcomes, strict=True)), token),
            log_exceptions=False,
        )

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


def _outcome(task, state, error, *, eta=None, exception=None):
    return Outcome(task.id, state, eta, exception and exception.id, error.code, storable(error.as_text()))
