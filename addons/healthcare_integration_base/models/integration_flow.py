from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .access import require_group

COUNT_LIMIT = 10_000


class IntegrationFlow(models.Model):
    """One interface: which documents travel between a system and Odoo, how, and who answers for it.

    A flow is approved as it stands: the fields of ``_approved_fields`` can only change while it is a
    draft, and revising it raises its version.
    """

    _name = "integration.flow"
    _description = "Integration Flow"
    _inherit = ["integration.closed.fields", "mail.thread"]
    _order = "priority, name, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(required=True, copy=False, help="Stable identifier, unique in the company.")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    system_id = fields.Many2one(
        "integration.system", required=True, index=True, check_company=True, ondelete="restrict"
    )
    endpoint_id = fields.Many2one(
        "integration.endpoint", index=True, check_company=True, ondelete="restrict", tracking=True
    )
    document_type_id = fields.Many2one(
        "integration.document.type", required=True, index=True, ondelete="restrict", tracking=True
    )
    direction = fields.Selection(related="document_type_id.direction")
    mapping_id = fields.Many2one(
        "integration.mapping", index=True, check_company=True, ondelete="restrict", tracking=True
    )
    user_id = fields.Many2one(
        "res.users",
        "Runs as",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="Records are read and written with the rights of this user.",
    )
    owner_id = fields.Many2one(
        "res.users", index=True, tracking=True, help="Gets the exceptions of this flow."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("approved", "Approved"),
            ("live", "Live"),
            ("paused", "Paused"),
            ("retired", "Retired"),
        ],
        required=True,
        default="draft",
        index=True,
        copy=False,
        readonly=True,
        tracking=True,
    )
    version = fields.Integer(default=1, required=True, copy=False, readonly=True)
    approved_by_id = fields.Many2one("res.users", copy=False, readonly=True)
    approved_on = fields.Datetime(copy=False, readonly=True)

    timing = fields.Selection(
        [("real_time", "Real time"), ("near_real_time", "Near real time"), ("batch", "Batch")],
        required=True,
        default="batch",
    )
    cutoff_hour = fields.Float(help="Hour of the day after which documents belong to the next day's batch.")
    priority = fields.Integer(default=10, required=True, help="Lower numbers run first.")
    max_attempts = fields.Integer(default=8, required=True)
    backoff_seconds = fields.Integer(
        default=30,
        required=True,
        help="Seconds before the first retry; each later one waits about twice as long.",
    )
    backoff_cap_seconds = fields.Integer(
        default=3600, required=True, help="Longest wait between two retries."
    )
    acknowledgement = fields.Selection(
        [("none", "None"), ("technical", "Technical"), ("functional", "Functional")],
        required=True,
        default="none",
        help="Technical: the partner confirms that the file arrived intact. "
        "Functional: the partner confirms each document.",
    )
    service_level_hours = fields.Float(help="Hours within which a document must be settled. Zero: no limit.")
    fallback = fields.Text(help="What people do while this interface is down.")
    note = fields.Text()

    route_ids = fields.One2many("integration.route", "flow_id")
    message_count = fields.Integer(compute="_compute_message_count", string="Messages exchanged")
    exception_count = fields.Integer(compute="_compute_exception_count", string="Open exceptions")

    _code_unique = models.Constraint(
        "UNIQUE (company_id, code)", "Another flow of this company already has this code."
    )
    _attempts_positive = models.Constraint("CHECK (max_attempts >= 1)", "A flow needs at least one attempt.")
    _backoff_ordered = models.Constraint(
        "CHECK (backoff_seconds >= 1 AND backoff_cap_seconds >= backoff_seconds)",
        "The first wait is at least one second, and the longest wait is not shorter than the first.",
    )
    _hours_valid = models.Constraint(
        "CHECK (cutoff_hour >= 0 AND cutoff_hour < 24 AND service_level_hours >= 0)",
        "The cutoff is an hour of the day, and the service level is not negative.",
    )

    def _compute_message_count(self):
        """Count up to COUNT_LIMIT messages each: the table grows without bound, the button need not."""
        for flow in self:
            domain = [("flow_id", "in", flow._origin.ids)]
            flow.message_count = self.env["integration.message"].search_count(domain, limit=COUNT_LIMIT)

    def _compute_exception_count(self):
        counts = dict(
            self.env["integration.exception"]._read_group(
                [("flow_id", "in", self._origin.ids), ("state", "in", ("open", "in_progress"))],
                ["flow_id"],
                ["__count"],
            )
        )
        for flow in self:
            flow.exception_count = counts.get(flow._origin, 0)

    @api.constrains("user_id", "company_id")
    def _check_user(self):
        for flow in self:
            if flow.user_id.id == SUPERUSER_ID:
                raise ValidationError(
                    self.env._(
                        "A flow cannot run as the system user. Choose a user with the rights it needs."
                    )
                )
            if flow.company_id not in flow.user_id.sudo().company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s has no access to %(company)s. Choose another user or give access.",
                        user=flow.user_id.name,
                        company=flow.company_id.name,
                    )
                )

    def copy_data(self, default=None):
        return [
            {**values, "code": self.env._("%s-copy", flow.code), "name": self.env._("%s (copy)", flow.name)}
            if not {"code", "name"} & set(default or {})
            else values
            for flow, values in zip(self, super().copy_data(default), strict=True)
        ]

    @api.model
    def _approved_fields(self):
        """Return the names of the fields that an approval covers."""
        return {"company_id", "system_id", "endpoint_id", "document_type_id", "mapping_id", "user_id"}

    @api.model
    def _closed_fields(self):
        return super()._closed_fields() | {"version", "approved_by_id", "approved_on"}

    @api.model_create_multi
    def create(self, vals_list):
        flows = super().create(vals_list)
        flows._check_may_run_as()
        return flows

    def write(self, vals):
        self._check_unapproved(vals)
        result = super().write(vals)
        if "user_id" in vals:
            self._check_may_run_as()
        return result

    def _check_may_run_as(self):
        """:raise AccessError: when somebody else lets documents work with an administrator's rights"""
        if self.env.su or self.env.user.has_group("base.group_system"):
            return
        # Who chooses need not see all users.
        if any(flow.user_id.sudo().has_group("base.group_erp_manager") for flow in self):
            raise AccessError(
                self.env._(
                    "Only an administrator of Odoo lets a flow run as one. Choose a user with the rights it "
                    "needs."
                )
            )

    def _check_unapproved(self, vals):
        """:raise UserError: when the values change what was approved"""
        governed = self._approved_fields() & set(vals)
        for flow in self.filtered(lambda flow: flow.state != "draft"):
            changed = [
                name
                for name in governed
                if flow._fields[name].convert_to_write(flow[name], flow) != vals[name]
            ]
            if changed:
                raise UserError(
                    self.env._(
                        "%(flow)s is approved as it stands. Revise it before you change: %(fields)s.",
                        flow=flow.name,
                        fields=", ".join(sorted(flow._fields[name].string for name in changed)),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # Messages that the user may not see count as well.
        messages_sudo = self.env["integration.message"].sudo()
        if used := messages_sudo.search([("flow_id", "in", self.ids)], limit=1).flow_id:
            raise UserError(
                self.env._("%s has exchanged messages: retire it instead of deleting it.", used.name)
            )

    # === LIFECYCLE === #

    def action_approve(self):
        """Record that the current user approves the flow as it stands."""
        self._change_state(
            ("draft",), "approved", approved_by_id=self.env.user.id, approved_on=fields.Datetime.now()
        )

    def action_go_live(self):
        """Let the flow take and send documents, first those that waited for it."""
        self._change_state(("approved", "paused"), "live")
        # Whoever may put a flow live may thereby end what waited for nothing else.
        exceptions_sudo = self.env["integration.exception"].sudo()
        for flow in self:
            waiting = [
                ("company_id", "=", flow.company_id.id),
                ("code", "=", "flow.not_live"),
                ("subject", "=", flow.code),
            ]
            exceptions_sudo.search(waiting)._resolve_as_over(self.env._("The flow is live."))

    def action_pause(self):
        """Keep what arrives waiting until the flow is live again."""
        self._change_state(("live",), "paused")

    def action_revise(self):
        """Open the flow for changes, as a new version that needs approval again."""
        for flow in self:
            flow._change_state(
                ("approved", "live", "paused"),
                "draft",
                version=flow.version + 1,
                approved_by_id=False,
                approved_on=False,
            )

    def action_retire(self):
        """End the flow for good."""
        self._change_state(("draft", "approved", "live", "paused"), "retired")

    def _change_state(self, allowed, target, **values):
        """Move flows to a state and audit it.

        :param allowed: states from which the move is possible
        :raise UserError: when a flow is in another state
        """
        require_group(self, "group_manager", "write")
        labels = dict(self._fields["state"]._description_selection(self.env))
        for flow in self:
            if flow.state not in allowed:
                raise UserError(
                    self.env._(
                        "%(flow)s is %(state)s and cannot become %(target)s.",
                        flow=flow.name,
                        state=labels[flow.state],
                        target=labels[target],
                    )
                )
        # The state and the approval are closed to direct writes: see integration.closed.fields.
        self.sudo().write({"state": target, **values})
        self.env["integration.audit.entry"]._record(f"flow.{target}", self)

    # === NAVIGATION === #

    def action_open_messages(self):
        """Open the messages of these flows."""
        return self._open_related("action_integration_message")

    def action_open_exceptions(self):
        """Open the exceptions of these flows that still wait for somebody."""
        action = self._open_related("action_integration_exception")
        action["context"] = {"search_default_unresolved": 1}
        return action

    def _open_related(self, action_name):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(f"healthcare_integration_base.{action_name}")
        return {**action, "domain": [("flow_id", "in", self.ids)], "context": {}}
