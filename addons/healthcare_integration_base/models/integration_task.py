from odoo import api, fields, models
from odoo.exceptions import UserError

from .access import require_group

PURGE_BATCH = 10_000
RETENTION_PARAMETER = "healthcare_integration.task_retention_days"
RETENTION_DAYS = 30


class IntegrationTask(models.Model):
    """One unit of queued work. Rows are made and moved by ``integration.queue`` alone."""

    _name = "integration.task"
    _description = "Integration Task"
    _order = "id desc"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "description"

    description = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Runs As", required=True, readonly=True)
    model_name = fields.Char(string="Model", required=True, readonly=True)
    method_name = fields.Char(string="Method", required=True, readonly=True)
    arguments = fields.Json(readonly=True, help="Record ids and arguments of the call. Never private data.")
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("dead", "Dead Letter"),
            ("cancelled", "Cancelled"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    priority = fields.Integer(default=10, readonly=True, aggregator=None)
    rank = fields.Float(
        default=0.0,
        required=True,
        readonly=True,
        aggregator=None,
        help="Place in the queue: seconds since 1970 when it became due, later by the ageing time for each "
        "step of priority. A task of low priority is overtaken for so long only.",
    )
    eta = fields.Datetime(string="Not Before", readonly=True)
    attempts = fields.Integer(readonly=True, aggregator=None)
    max_attempts = fields.Integer(readonly=True, aggregator=None)
    identity_key = fields.Char(readonly=True)
    ordering_key = fields.Char(
        readonly=True,
        help="Of the tasks with the same key one runs at a time, the oldest first; one that waits or is in "
        "the dead letter holds those behind it.",
    )
    claim_token = fields.Char(readonly=True, groups="base.group_system")
    enqueued_at = fields.Datetime(readonly=True)
    finished_at = fields.Datetime(readonly=True)
    error_code = fields.Char(readonly=True)
    error = fields.Text(string="Last Error", readonly=True)
    error_summary = fields.Char("What Happened", compute="_compute_error_summary")
    flow_id = fields.Many2one("integration.flow", readonly=True, index="btree_not_null")
    endpoint_id = fields.Many2one(
        "integration.endpoint",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The address that it talks to: the task waits while that is paused or suspended.",
    )
    message_id = fields.Many2one(
        "integration.message", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    exception_id = fields.Many2one(
        "integration.exception",
        string="Waits For Exception",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    progress_ids = fields.One2many("integration.task.progress", "task_id", readonly=True)
    progress = fields.Float("Progress (%)", compute="_compute_progress")
    progress_note = fields.Char("Now", compute="_compute_progress")
    is_ending = fields.Boolean("Ends at its next step", compute="_compute_progress")
    dependency_ids = fields.One2many("integration.task.dependency", "task_id", "Waits For", readonly=True)

    _claim_idx = models.Index(
        "(COALESCE(flow_id, 0), COALESCE(endpoint_id, 0), rank, id) WHERE state = 'pending'"
    )
    _ordering_idx = models.Index(
        "(ordering_key, id) WHERE ordering_key IS NOT NULL"
        " AND state IN ('pending', 'waiting', 'running', 'dead')"
    )
    _ordering_uniq = models.UniqueIndex("(ordering_key) WHERE state = 'running' AND ordering_key IS NOT NULL")
    _parked_idx = models.Index("(id) WHERE state = 'waiting' AND eta IS NULL")
    _waiting_idx = models.Index("(eta) WHERE state = 'waiting'")
    _running_idx = models.Index("(claim_token) WHERE state = 'running'")
    _dead_idx = models.Index("(company_id, id) WHERE state = 'dead'")
    _identity_uniq = models.UniqueIndex(
        "(identity_key) WHERE state IN ('pending', 'waiting', 'running') AND identity_key IS NOT NULL"
    )
    _attempts_positive = models.Constraint("CHECK (max_attempts > 0)", "A task needs at least one attempt.")

    def init(self):
        # Every task row is updated a few times in its life: room on the page keeps those updates off the
        # indexes, and early vacuum keeps the claim's index short.
        self.env.cr.execute(
            "ALTER TABLE integration_task SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)"
        )

    @api.depends("progress_ids.done", "progress_ids.cancelled_by_id", "state")
    def _compute_progress(self):
        for task in self:
            progress = task.progress_ids if task.state == "running" else task.progress_ids.browse()
            task.progress = 100 * progress.done / progress.total if progress.total else 0
            task.progress_note = progress.note
            task.is_ending = bool(progress.cancelled_by_id)

    @api.depends("error")
    def _compute_error_summary(self):
        for task in self:
            task.error_summary = (task.error or "").partition("\n")[0]

    # === WHAT FOLLOWS === #

    def _then(self, records, **options):
        """Enqueue what is to follow when all of these tasks are done; returns as ``with_integration_task``.

        A chain: ``load_task._then(batch)._check()._then(batch)._post()``. A group with a callback:
        ``invoices.with_integration_task(each=True)._send()._then(report)._close()``.

        :param options: of ``with_integration_task``; ``if_failed`` says what follows when one of these fails
        """
        return records.with_integration_task(after=self, **options)

    # === ACTIONS === #

    def action_retry(self):
        """Put dead and waiting tasks back to the front of the queue, with all their attempts.

        What another task of the same identity key already does is cancelled instead; the user is told so.

        :raise UserError: if a task is neither dead nor waiting
        """
        require_group(self, "group_operator")
        if wrong := self.filtered(lambda task: task.state not in ("dead", "waiting")):
            raise UserError(
                self.env._("Only dead and waiting tasks can be retried: %s is not.", wrong[0].description)
            )
        needless = self.env["integration.queue"]._requeue(self)
        return self._tell_needless(needless) if needless else None

    def _tell_needless(self, needless):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "title": self.env._("Cancelled instead of retried"),
                "message": self.env._(
                    "Another task already does this work: %s", ", ".join(needless.mapped("description"))
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_cancel(self):
        """Give up tasks; a running one ends at its next step, and what it did is undone.

        Their messages are held from then on: nothing that was received is left without anybody who minds it.
        The exceptions that nothing else waits for are closed.

        :raise UserError: if a task is finished
        """
        require_group(self, "group_operator")
        if wrong := self.filtered(lambda task: task.state not in ("pending", "waiting", "dead", "running")):
            raise UserError(self.env._("%s is finished: it cannot be cancelled.", wrong[0].description))
        self.env["integration.task.progress"]._request_cancel(self)
        resolution = self.env._("The tasks that waited were cancelled by %s.", self.env.user.name)
        cancelled = self.env["integration.queue"]._cancel(self, resolution)
        reason = self.env._("Its task was cancelled by %s.", self.env.user.name)
        cancelled.sudo().message_id._hold_unprocessed(reason)

    def action_open_records(self):
        """Open what the task works on."""
        self.ensure_one()
        self.check_access("read")
        ids = (self.arguments or {}).get("ids", [])
        return {
            "type": "ir.actions.act_window",
            "name": self.description,
            "res_model": self.model_name,
            "view_mode": "form" if len(ids) == 1 else "list,form",
            "res_id": ids[0] if len(ids) == 1 else False,
            "domain": [("id", "in", ids)],
        }

    # === HOUSEKEEPING === #

    @api.autovacuum
    def _gc_finished(self):
        """Delete finished tasks after the number of days that the settings name."""
        days = int(self.env["ir.config_parameter"].sudo().get_param(RETENTION_PARAMETER, RETENTION_DAYS))
        # From the oldest on by the primary key: an index for it would cost each task more than it saves.
        self.env.cr.execute(
            """
            DELETE FROM integration_task WHERE id = ANY (ARRAY(
                SELECT id FROM integration_task
                 WHERE state IN ('done', 'cancelled')
                   AND finished_at < (now() AT TIME ZONE 'UTC') - make_interval(days => %s)
                 ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED))
            """,
            (days, PURGE_BATCH),
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == PURGE_BATCH
