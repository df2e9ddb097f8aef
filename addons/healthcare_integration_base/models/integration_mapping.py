from odoo import api, fields, models
from odoo.exceptions import UserError

from .access import require_group
from .windows import form_window


class IntegrationMapping(models.Model):
    """A versioned field mapping table: how the fields of a document become the fields of a record.

    Flows point at one version. An active version no longer changes: what is to be different goes into
    a new version, which the flow then takes up.
    """

    _name = "integration.mapping"
    _description = "Integration Mapping"
    _order = "name, version desc"
    _check_company_auto = True

    name = fields.Char(required=True)
    version = fields.Integer(required=True, default=1, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    document_type_id = fields.Many2one(
        "integration.document.type", required=True, index=True, ondelete="restrict"
    )
    direction = fields.Selection(related="document_type_id.direction")
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
        required=True,
        default="draft",
        index=True,
        readonly=True,
        copy=False,
    )
    line_ids = fields.One2many("integration.mapping.line", "mapping_id", copy=True)
    flow_ids = fields.One2many("integration.flow", "mapping_id")
    flow_count = fields.Integer(compute="_compute_flow_count", string="Flows")
    note = fields.Text()

    _version_unique = models.Constraint(
        "UNIQUE (company_id, name, version)", "This mapping already has a version of that number."
    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for mapping in self:
            mapping.display_name = f"{mapping.name or ''} v{mapping.version}"

    @api.depends("flow_ids")
    def _compute_flow_count(self):
        counts = dict(
            self.env["integration.flow"]._read_group(
                [("mapping_id", "in", self._origin.ids)], ["mapping_id"], ["__count"]
            )
        )
        for mapping in self:
            mapping.flow_count = counts.get(mapping._origin, 0)

    def copy_data(self, default=None):
        return [
            values
            if default and "name" in default
            else {**values, "name": self.env._("%s (copy)", mapping.name)}
            for mapping, values in zip(self, super().copy_data(default), strict=True)
        ]

    @api.model_create_multi
    def create(self, vals_list):
        # Defaults of the context and of users count too.
        first = self.default_get(["state"])["state"]
        if any(vals.get("state", first) != "draft" for vals in vals_list):
            self._check_may_set_state()
        return super().create(vals_list)

    def write(self, vals):
        if "state" in vals:
            self._check_may_set_state()
        if set(vals) - {"state", "note"}:
            self._check_draft()
        return super().write(vals)

    def _check_may_set_state(self):
        """:raise UserError: when somebody sets the state past the checks of Activate and Retire"""
        if not self.env.su:
            raise UserError(self.env._("A mapping changes its state by Activate and Retire only."))

    def _check_draft(self):
        """:raise UserError: when a version is closed for changes"""
        closed = self.filtered(lambda mapping: mapping.state != "draft")
        if closed:
            raise UserError(
                self.env._("%s no longer changes. Create a new version instead.", closed[0].display_name)
            )

    # === LIFECYCLE === #

    def action_activate(self):
        """Let flows use this version and close it for changes.

        :raise UserError: with everything that keeps the mapping from running
        """
        require_group(self, "group_manager", "write")
        for mapping in self:
            if mapping.state != "draft":
                raise UserError(self.env._("%s is not a draft.", mapping.display_name))
            if problems := mapping._problems():
                raise UserError("\n".join([self.env._("%s cannot run:", mapping.display_name), *problems]))
        # The state is closed to direct writes: only these actions check what it promises.
        self.sudo().state = "active"
        self.env["integration.audit.entry"]._record("mapping.active", self)

    def action_retire(self):
        """End this version; no flow in use may point at it."""
        require_group(self, "group_manager", "write")
        users = self.flow_ids.filtered(lambda flow: flow.state != "retired")
        if users:
            raise UserError(
                self.env._("These flows still use the mapping: %s.", ", ".join(users.mapped("name")))
            )
        # See action_activate.
        self.sudo().state = "retired"
        self.env["integration.audit.entry"]._record("mapping.retired", self)

    def action_new_version(self):
        """Open a draft copy with the next version number."""
        self.ensure_one()
        require_group(self, "group_manager", "create")
        [latest] = self._read_group(
            [("company_id", "=", self.company_id.id), ("name", "=", self.name)], [], ["version:max"]
        )[0]
        draft = self.copy({"name": self.name, "version": latest + 1})
        return form_window(self._name, draft.id)

    # === NAVIGATION === #

    def action_open_flows(self):
        """Open the flows that use this version."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_integration_flow"
        )
        return {**action, "domain": [("mapping_id", "in", self.ids)], "context": {}}

    def action_preview(self):
        """Ask for a message, to see what this version makes of it."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview on a Message"),
            "res_model": "integration.mapping.preview",
            "view_mode": "form",
            "target": "new",
            "context": {"default_mapping_id": self.id},
        }
