import time

from odoo import api, fields, models

from ..errors import TransientError
from ..queue import TaskCancelled, current_run
from ..transports.http.errors import OUTCOME_UNKNOWN
from .integration_lease import LEASE_SECONDS

REPORT_SECONDS = 1.0


class IntegrationTaskProgress(models.Model):
    """How far a running task is, and whether somebody wants it to end.

    It is written through a cursor of its own, so that it shows before the task's transaction is committed,
    and lies apart from the task's row, which that transaction will settle.
    """

    _name = "integration.task.progress"
    _description = "Integration Task Progress"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "task_id"

    task_id = fields.Many2one("integration.task", required=True, readonly=True, ondelete="cascade")
    done = fields.Float(readonly=True, aggregator=None)
    total = fields.Float(readonly=True, aggregator=None)
    note = fields.Char(readonly=True, help="What it does just now; without private data")
    updated_at = fields.Datetime(readonly=True)
    handed_over_at = fields.Datetime(
        readonly=True, help="When it began to send what must not be sent twice; empty if that did not arrive"
    )
    cancelled_by_id = fields.Many2one("res.users", "Cancel Requested By", readonly=True)

    _task_uniq = models.Constraint("UNIQUE (task_id)", "A task has one progress.")

    @api.model
    def _step(self, done, total, note=""):
        """Show how far the running task is, prolong its claim, and end it if it must.

        To be called at each step of a long task, as often as is convenient: once a second it is written.
        Outside the queue it does nothing.

        :raise TaskCancelled: when somebody gave the task up; let it pass
        :raise TransientError: when the task has used up its time
        """
        run = current_run()
        if run is None:
            return
        if run.is_overdue():
            raise self._time_is_up(run)
        if time.monotonic() - run.reported_at < REPORT_SECONDS:
            return
        run.reported_at = time.monotonic()
        if cancelled_by := self._write_apart(run.task, done, total, note):
            raise TaskCancelled(cancelled_by)

    def _write_apart(self, task, done, total, note):
        """Write the progress and prolong the lease, in a transaction of its own.

        :return: the id of the user who wants the task to end, or None
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                """
                UPDATE integration_lease
                   SET expires_at = (now() AT TIME ZONE 'UTC') + make_interval(secs => %(seconds)s)
                 WHERE token = %(token)s;
                INSERT INTO integration_task_progress (task_id, done, total, note, updated_at)
                VALUES (%(task_id)s, %(done)s, %(total)s, %(note)s, now() AT TIME ZONE 'UTC')
                    ON CONFLICT (task_id) DO UPDATE
                   SET done = excluded.done, total = excluded.total, note = excluded.note,
                       updated_at = excluded.updated_at
             RETURNING cancelled_by_id
                """,
                {"seconds": LEASE_SECONDS, "token": task.token, "task_id": task.id, "done": done,
                 "total": total, "note": note},
                log_exceptions=False,
            )  # fmt: skip
            return cr.fetchone()[0]

    @api.model
    def _mark_handed_over(self, task_id, is_handed_over):
        """Note, in a transaction of its own, that the effect of a task outside may be there, or is not."""
        with self.env.registry.cursor() as cr:
            cr.execute(
                """
                INSERT INTO integration_task_progress AS progress (task_id, handed_over_at)
                VALUES (%s, CASE WHEN %s THEN now() AT TIME ZONE 'UTC' END)
                    ON CONFLICT (task_id) DO UPDATE SET handed_over_at = excluded.handed_over_at
                """,
                (task_id, is_handed_over),
                log_exceptions=False,
            )

    @api.model
    def _was_handed_over(self, task_id):
        self.env.cr.execute(
            "SELECT FROM integration_task_progress WHERE task_id = %s AND handed_over_at IS NOT NULL",
            (task_id,),
        )
        return bool(self.env.cr.rowcount)

    @api.model
    def _forget(self, tasks):
        """Drop the progress of tasks that begin anew.

        The mark of what may have been sent stays, until a person was told of it and lets it run again.
        """
        self.env.cr.execute(
            """
            DELETE FROM integration_task_progress AS progress USING integration_task AS task
             WHERE task.id = progress.task_id AND task.id = ANY(%s)
               AND (progress.handed_over_at IS NULL OR task.error_code = %s)
            """,
            (tasks.ids, OUTCOME_UNKNOWN),
        )

    @api.model
    def _time_is_up(self, run):
        """Return the error that ends a run which takes too long."""
        call = f"{run.task.model_name}.{run.task.method_name}"
        return TransientError(
            "task.time_limit",
            f"{call} took longer than the {run.time_limit:g} seconds that it may take.",
            subject=call,
            remedy="Look for what it waits for, or give the method more time, then retry the task.",
        )

    @api.model
    def _cancel_requests(self, task_ids):
        """Return who asked tasks to end, as ``{task id: user id}``."""
        self.env.cr.execute(
            """
            SELECT task_id, cancelled_by_id FROM integration_task_progress
             WHERE task_id = ANY(%s) AND cancelled_by_id IS NOT NULL
            """,
            (list(task_ids),),
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _request_cancel(self, tasks):
        """Ask running tasks to end at their next step."""
        self.env.cr.execute(
            """
            INSERT INTO integration_task_progress (task_id, cancelled_by_id)
            SELECT id, %s FROM integration_task WHERE id = ANY(%s) AND state = 'running'
                ON CONFLICT (task_id) DO UPDATE SET cancelled_by_id = excluded.cancelled_by_id
            """,
            (self.env.uid, tasks.ids),
        )
        tasks.invalidate_recordset()
