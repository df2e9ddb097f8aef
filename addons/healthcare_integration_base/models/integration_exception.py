from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain

from .access import require_group
from .windows import form_window, list_window

OPEN_STATES = ("open", "in_progress")


class IntegrationException(models.Model):
    """One thing that a person must decide, with everything that waits for the decision.

    A cause (company, system, code, subject) has one open exception, however many messages meet it:
    one missing payer is one row, not five thousand.
    """

    _name = "integration.exception"
    _description = "Integration Exception"
    _order = "severity_rank desc, deadline, id"
    _check_company_auto = True
    _allow_sudo_commands = False

    name = fields.Char(string="What Happened", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    system_id = fields.Many2one(
        "integration.system", readonly=True, index="btree_not_null", check_company=True
    )
    flow_id = fields.Many2one("integration.flow", readonly=True, index="btree_not_null", check_company=True)
    category = fields.Selection(
        [("technical", "Technical"), ("data", "Data"), ("mapping", "Mapping"), ("business", "Business")],
        required=True,
        readonly=True,
    )
    severity = fields.Selection(
        [("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
        required=True,
        default="medium",
    )
    severity_rank = fields.Integer(compute="_compute_severity_rank", store=True, aggregator=None)
    code = fields.Char(required=True, readonly=True, help="Stable name of the rule that was broken")
    subject = fields.Char(readonly=True, help="What the cause is about: a payer, a host, a control number")
    location = fields.Text(readonly=True)
    expected = fields.Text(readonly=True)
    found = fields.Text(readonly=True)
    remedy = fields.Text(string="How to Resolve", readonly=True)
    detail = fields.Json(string="Findings", readonly=True)
    currency_id = fields.Many2one("res.currency", related="company_id.currency_id")
    state = fields.Selection(
        [("open", "Open"), ("in_progress", "In Progress"), ("resolved", "Resolved"), ("waived", "Waived")],
        default="open",
        required=True,
        readonly=True,
        index=True,
    )
    owner_id = fields.Many2one("res.users", string="Assigned To", domain="[('share', '=', False)]")
    deadline = fields.Datetime()
    is_overdue = fields.Boolean(compute="_compute_is_overdue", search="_search_is_overdue")
    first_seen_at = fields.Datetime(readonly=True)
    message_ids = fields.Many2many(
        "integration.message",
        "integration_exception_message_rel",
        "exception_id",
        "message_id",
        readonly=True,
    )
    message_count = fields.Integer(compute="_compute_message_count")
    waiting_task_ids = fields.One2many(
        "integration.task", "exception_id", string="Waiting Tasks", readonly=True
    )
    res_model = fields.Char(string="Record Model", readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", readonly=True)
    resolution = fields.Text(readonly=True)
    resolved_by_id = fields.Many2one("res.users", readonly=True)
    resolved_on = fields.Datetime(readonly=True)

    _cause_uniq = models.UniqueIndex(
        "(company_id, COALESCE(system_id, 0), code, COALESCE(subject, ''))"
        " WHERE state IN ('open', 'in_progress')"
    )
    _record_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")

    @api.depends("severity")
    def _compute_severity_rank(self):
        ranks = {"low": 0, "medium": 1, "high": 2, "critical": 3}
        for exception in self:
            exception.severity_rank = ranks.get(exception.severity, 0)

    @api.depends("deadline", "state")
    def _compute_is_overdue(self):
        now = self.env.cr.now()
        for exception in self:
            exception.is_overdue = bool(
                exception.state in OPEN_STATES and exception.deadline and exception.deadline < now
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("state", "in", OPEN_STATES) & Domain("deadline", "<", self.env.cr.now())

    @api.depends("message_ids")
    def _compute_message_count(self):
        for exception in self:
            exception.message_count = len(exception.message_ids)

    def write(self, vals):
        # People assign and weigh exceptions; everything else is the record of what happened.
        if not self.env.su and (closed := set(vals) - {"owner_id", "severity", "deadline"}):
            raise AccessError(
                self.env._("These fields are set by the integration itself: %s", ", ".join(sorted(closed)))
            )
        return super().write(vals)

    def _integration_audit_name(self):
        return f"{self.name} ({self.subject})" if self.subject else self.name

    # === ACTIONS === #

    def action_start(self):
        """Take exceptions in hand."""
        require_group(self, "group_operator")
        untouched = self.filtered(lambda e: e.state == "open")
        for exception in untouched:
            # State is read-only to users so that every change passes here, where it is audited.
            exception.sudo().write(
                {"state": "in_progress", "owner_id": exception.owner_id.id or self.env.uid}
            )
        self.env["integration.audit.entry"]._record("exception.started", untouched)

    def action_resolve(self):
        """Close exceptions whose cause is mended, and re-run all that waited for them."""
        require_group(self, "group_operator")
        self._check_open()
        self._close("resolved", self.env._("Cause mended; what waited was run again."))
        self._release()

    def action_waive(self):
        """Ask for the reason, then close without a re-run."""
        require_group(self, "group_operator")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Waive"),
            "res_model": "integration.exception.waive",
            "view_mode": "form",
            "target": "new",
            "context": {"default_exception_ids": self.ids},
        }

    def _waive(self, reason):
        """Close exceptions as accepted: what waited for them is cancelled and its messages closed.

        :raise UserError: without a reason
        """
        require_group(self, "group_operator")
        self._check_open()
        if not (reason or "").strip():
            raise UserError(self.env._("Give the reason: an auditor will ask for it."))
        self._close("waived", reason.strip())
        self._give_up(reason.strip())

    def action_open_record(self):
        """Open the business record that the exception is about."""
        self.ensure_one()
        self.check_access("read")
        return form_window(self.res_model, self.res_id)

    def action_open_messages(self):
        self.ensure_one()
        self.check_access("read")
        messages = [("id", "in", self.message_ids.ids)]
        return list_window(self.env._("Messages"), "integration.message", messages)

    # === BUSINESS METHODS === #

    def _resolve_as_over(self, resolution):
        """Close exceptions whose cause has gone without anybody resolving them, and re-run what waited.

        :param str resolution: what has happened, one sentence
        """
        if over := self.filtered(lambda exception: exception.state in OPEN_STATES):
            over._close("resolved", resolution)
            over._release()

    def _leave(self, messages, resolution):
        """Let messages wait for the open ones of these no more; what nothing else waits for is closed.

        :param str resolution: why they do not wait, one sentence
        :return: the exceptions that stay open for others
        """
        still_open = self.filtered(lambda exception: exception.state in OPEN_STATES)
        if not still_open:
            return still_open
        shared = still_open.filtered(lambda exception: exception.message_ids - messages)
        shared |= (still_open - shared)._waited_for_beside(messages)
        if over := still_open - shared:
            over._close("resolved", resolution)
        self.env["integration.exception.stake"]._drop(shared, messages)
        # What waits is the integration's own record: see write.
        shared.sudo().write({"message_ids": [Command.unlink(message.id) for message in messages]})
        return shared

    def _leave_with(self, tasks, resolution):
        """As :meth:`_leave`, for the messages of tasks that have just ceased to wait for these exceptions.

        A message of which another task still waits stays.
        """
        messages = tasks.message_id
        # See _waited_for_beside.
        waiting = (
            self.env["integration.task"]
            .sudo()
            ._read_group(
                [("exception_id", "in", self.ids), ("message_id", "in", messages.ids)],
                ["exception_id"],
                ["message_id:recordset"],
            )
        )
        left = self
        for exception, others in waiting:
            exception._leave(messages - others, resolution)
            left -= exception
        left._leave(messages, resolution)

    def _waited_for_beside(self, messages):
        """Return those exceptions for which a task of another message waits, or one of none."""
        # Tasks are not everybody's, and those of other companies wait too.
        groups = (
            self.env["integration.task"]
            .sudo()
            ._read_group(
                [("exception_id", "in", self.ids), ("message_id", "not in", messages.ids)], ["exception_id"]
            )
        )
        waited_for_ids = {exception.id for [exception] in groups}
        return self.filtered(lambda exception: exception.id in waited_for_ids)

    def _release(self):
        """Re-run what waits; addons extend this for records of theirs that wait without a task."""
        self.env["integration.queue"]._requeue(self.sudo().waiting_task_ids)

    def _give_up(self, reason):
        """Cancel what waits and close its messages; for records that wait without a task it is extended."""
        waiting = self.sudo().waiting_task_ids
        self.env["integration.queue"]._cancel(waiting)
        waiting.message_id._give_up(waiting, reason)

    def _close(self, state, resolution):
        # See action_start: the fields are closed to direct writes.
        self.sudo().write(
            {
                "state": state,
                "resolution": resolution,
                "resolved_by_id": self.env.uid,
                "resolved_on": self.env.cr.now(),
            }
        )
        self.env["integration.audit.entry"]._record(f"exception.{state}", self, {"resolution": resolution})

    def _check_open(self):
        if closed := self.filtered(lambda e: e.state not in OPEN_STATES):
            raise UserError(self.env._("This exception is closed already: %s", closed[0].name))
