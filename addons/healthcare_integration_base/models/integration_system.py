from odoo import api, fields, models
from odoo.exceptions import UserError

from .access import require_group
from .data_classes import DATA_CLASSES


class IntegrationSystem(models.Model):
    """Catalogue entry of an external system: what it is, who answers for it, whether it may be used."""

    _name = "integration.system"
    _description = "Integration System"
    _inherit = ["integration.closed.fields", "mail.thread", "mail.activity.mixin"]
    _order = "name, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(required=True, copy=False, help="Short stable identifier, unique in the company.")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    category = fields.Selection(
        [
            ("ehr", "Electronic health record"),
            ("clearing_house", "Clearing house"),
            ("payer", "Payer"),
            ("bank", "Bank"),
            ("hr", "Human resources"),
            ("payroll", "Payroll"),
            ("supplier", "Supplier"),
            ("warehouse", "Warehouse"),
            ("laboratory", "Laboratory"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
        index=True,
    )
    environment = fields.Selection(
        [("production", "Production"), ("test", "Test")], required=True, default="production", tracking=True
    )
    business_owner_id = fields.Many2one(
        "res.users", index="btree_not_null", tracking=True, help="Decides what is exchanged with this system."
    )
    technical_owner_id = fields.Many2one(
        "res.users", index="btree_not_null", tracking=True, help="Keeps the connection working."
    )
    criticality = fields.Selection(
        [("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
        required=True,
        default="medium",
        tracking=True,
    )
    data_class = fields.Selection(
        DATA_CLASSES,
        required=True,
        default="none",
        tracking=True,
        help="The most sensitive data that this system exchanges. Where it is more sensitive than the "
        "document type's, it decides how long messages are kept.",
    )
    support_contact = fields.Text(help="Whom to call when this system does not answer, and when.")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("approved", "Approved"),
            ("live", "Live"),
            ("suspended", "Suspended"),
            ("retired", "Retired"),
        ],
        required=True,
        default="draft",
        index=True,
        copy=False,
        readonly=True,
        tracking=True,
    )
    note = fields.Text()
    active = fields.Boolean(default=True)

    endpoint_ids = fields.One2many("integration.endpoint", "system_id")
    credential_ids = fields.One2many("integration.credential", "system_id")
    flow_ids = fields.One2many("integration.flow", "system_id")
    endpoint_count = fields.Integer(compute="_compute_endpoint_count", string="Endpoints")
    flow_count = fields.Integer(compute="_compute_flow_count", string="Flows")
    exception_count = fields.Integer(compute="_compute_exception_count", string="Open exceptions")

    _code_unique = models.Constraint(
        "UNIQUE (company_id, code)", "Another system of this company already has this code."
    )

    def _compute_endpoint_count(self):
        self._count("integration.endpoint", [], "endpoint_count")

    def _compute_flow_count(self):
        self._count("integration.flow", [("state", "!=", "retired")], "flow_count")

    def _compute_exception_count(self):
        self._count("integration.exception", [("state", "in", ("open", "in_progress"))], "exception_count")

    def _count(self, model_name, domain, field_name):
        """Set a field to the number of records of a model that belong to each system."""
        groups = self.env[model_name]._read_group(
            [("system_id", "in", self.ids), *domain], ["system_id"], ["__count"]
        )
        counts = dict(groups)
        for system in self:
            system[field_name] = counts.get(system, 0)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for system, vals in zip(self, vals_list, strict=True):
            vals.setdefault("code", self.env._("%s-copy", system.code))
            if "name" not in (default or {}):
                vals["name"] = self.env._("%s (copy)", system.name)
        return vals_list

    def write(self, vals):
        """:raise UserError: when the company of a system in use is changed"""
        moved = self.filtered(
            lambda system: "company_id" in vals and system.company_id.id != vals["company_id"]
        )
        if used := moved.filtered(
            lambda system: system.endpoint_ids or system.flow_ids or system.credential_ids
        ):
            raise UserError(
                self.env._(
                    "%s is in use, so its company cannot change. Create another system.",
                    used[0].name,
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if used := self.filtered(lambda system: system.state in ("live", "suspended")):
            raise UserError(self.env._("%s has been live: retire it instead of deleting it.", used[0].name))

    # === LIFECYCLE === #

    def action_approve(self):
        """Record that the exchange with this system is agreed."""
        self._change_state(("draft",), "approved")

    def action_go_live(self):
        """Let endpoints and flows of this system work."""
        self._change_state(("approved", "suspended"), "live")

    def action_suspend(self):
        """Stop every exchange with this system until it is live again."""
        self._change_state(("live",), "suspended")

    def action_retire(self):
        """End the exchange for good.

        :raise UserError: while a flow of the system may still take or send documents
        """
        require_group(self, "group_manager", "write")
        self._require_no_working_flow()
        self._change_state(("draft", "approved", "live", "suspended"), "retired")

    def action_reset_to_draft(self):
        """Open a retired system or an approval again."""
        self._change_state(("approved", "retired"), "draft")

    def _require_no_working_flow(self):
        """:raise UserError: with the flows that the user may see, or that there are others"""
        # What would be sent to a retired system waits forever, flows of other companies included.
        flows_sudo = (
            self.env["integration.flow"]
            .sudo()
            .search([("system_id", "in", self.ids), ("state", "not in", ("draft", "retired"))])
        )
        if not flows_sudo:
            return
        visible = flows_sudo.with_env(self.env)._filtered_access("read")
        names = ", ".join(visible.mapped("name")) or self.env._("flows of other companies")
        raise UserError(self.env._("Retire or revise its flows first: %s.", names))

    def _change_state(self, allowed, target):
        """Move systems to a state and audit it.

        :param allowed: states from which the move is possible
        :raise UserError: when a system is in another state
        """
        require_group(self, "group_manager", "write")
        labels = dict(self._fields["state"]._description_selection(self.env))
        if wrong := self.filtered(lambda system: system.state not in allowed):
            raise UserError(
                self.env._(
                    "%(system)s is %(state)s and cannot become %(target)s.",
                    system=wrong[0].name,
                    state=labels[wrong[0].state],
                    target=labels[target],
                )
            )
        # The state is closed to direct writes: see integration.closed.fields.
        self.sudo().write({"state": target})
        self.env["integration.audit.entry"]._record(f"system.{target}", self)
        self._carry_endpoints_along(target)

    def _carry_endpoints_along(self, state):
        """Stop the endpoints with their system, and let those that it stopped work with it again."""
        endpoints = self.env["integration.endpoint"]
        if state == "live":
            endpoints._release("system", [("system_id", "in", self.ids)])
        elif state in ("suspended", "retired"):
            working = endpoints.search([("system_id", "in", self.ids), ("state", "=", "active")])
            working._suspend_with_system()

    def _may_exchange(self):
        """Tell whether documents may be exchanged with this system now."""
        self.ensure_one()
        return self.active and self.state in ("approved", "live")

    # === NAVIGATION === #

    def action_open_endpoints(self):
        """Open the endpoints of these systems."""
        return self._open_related("action_integration_endpoint")

    def action_open_flows(self):
        """Open the flows of these systems."""
        return self._open_related("action_integration_flow")

    def action_open_exceptions(self):
        """Open the exceptions of these systems that still wait for somebody."""
        action = self._open_related("action_integration_exception")
        return {**action, "context": {"search_default_unresolved": 1}}

    def _open_related(self, action_name):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(f"healthcare_integration_base.{action_name}")
        context = {"default_system_id": self.id} if len(self) == 1 else {}
        return {**action, "domain": [("system_id", "in", self.ids)], "context": context}
