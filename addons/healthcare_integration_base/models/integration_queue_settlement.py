import datetime
import logging
from typing import NamedTuple

from odoo import models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..failures import storable
from ..queue import TaskCancelled

_logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 86_400


class Outcome(NamedTuple):
    """The next state of a task that did not succeed, as a row of the statement that settles it."""

    task_id: int
    state: str
    eta: datetime.datetime | None = None
    exception_id: int | None = None
    error_code: str | None = None
    error: str | None = None


class IntegrationQueueSettlement(models.AbstractModel):
    """How a run of a task ends: done, back in the queue, postponed or cancelled.

    Every step is fenced by the claim's token: it changes nothing once another worker has the task.
    """

    _inherit = "integration.queue"

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

    def _move_to(self, outcomes, token):
        """Move tasks that this claim still holds to their next states, with one statement."""
        if not outcomes:
            return
        self.env.cr.execute(
            """
            UPDATE integration_task AS task
               SET state = new.state, eta = new.eta, exception_id = new.exception_id,
                   error_code = new.error_code, error = new.error, claim_token = NULL,
                   finished_at = CASE WHEN new.state IN ('dead', 'cancelled') THEN %s END
              FROM unnest(%s::int[], %s::text[], %s::timestamp[], %s::int[], %s::text[], %s::text[])
                   AS new (id, state, eta, exception_id, error_code, error)
             WHERE task.id = new.id AND task.state = 'running' AND task.claim_token = %s
            """,
            (self.env.cr.now(), *(list(column) for column in zip(*outcomes, strict=True)), token),
            log_exceptions=False,
        )

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
        """Let a task wait that says its time has not come; the attempt does not count.

        One that somebody gave up meanwhile does not wait: it is cancelled.
        """
        if self._cancel_asked([task_id], token):
            return
        eta = self.env.cr.now() + bounded_wait(postponed.seconds)
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

    def _cancel_asked(self, task_ids, token):
        """Give up those tasks that were asked to end while they ran, and ended otherwise.

        :return: their ids
        """
        requests = self.env["integration.task.progress"]._cancel_requests(task_ids)
        for task_id, user_id in requests.items():
            self._settle_cancelled(task_id, token, TaskCancelled(user_id))
        return list(requests)

    def _settle_cancelled(self, task_id, token, cancelled):
        """Give up a task that was asked to end while it ran; its records and its message are told so."""
        task = self.env["integration.task"].sudo().browse(self._held_by_claim([task_id], token))
        if not task:
            return
        self._move_to([Outcome(task.id, "cancelled")], token)
        task.invalidate_recordset()
        self._tell_cancelled(task)
        user = self.env["res.users"].sudo().browse(cancelled.user_id)
        task.message_id._hold_unprocessed(self.env._("Its task was cancelled by %s.", user.name or ""))

    # === THE RECORDS OF A TASK === #

    def _tell_cancelled(self, tasks):
        """Let the records of tasks of one method note that these are given up."""
        method_name = tasks[0].method_name
        self._ask_records(tasks, lambda records: records._integration_task_cancelled(method_name))

    def _ask_records(self, tasks, ask):
        """Return what the records of tasks of one model answer; a mistake in their code stops nothing.

        Where it is met, the records of each task are asked by themselves, and their answers are dropped.
        """
        try:
            with self.env.cr.savepoint():
                return ask(self._records(tasks))
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            if len(tasks) == 1:
                _logger.exception("The records of task %s could not be told what became of it", tasks.id)
        if len(tasks) > 1:
            for task in tasks:
                self._ask_records(task, ask)
        return None

    def _records(self, tasks):
        """Return the records that tasks of one model work on, as far as they exist."""
        model_name = tasks[0].model_name
        if model_name not in self.env:
            return self.env["integration.task"]
        ids = [record_id for task in tasks for record_id in task.arguments["ids"]]
        return self.env[model_name].sudo().browse(ids).exists()


def bounded_wait(seconds):
    """Return a wait of so many seconds, at least none and at most a day."""
    return datetime.timedelta(seconds=min(max(seconds, 0), LONGEST_WAIT_SECONDS))
