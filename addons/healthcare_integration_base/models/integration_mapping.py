from odoo import api, fields, models
from odoo.exceptions import UserError

from ..formats.mapping import apply_mapping
from .access import require_group


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

    def _mapper(self):
        """Return the function ``source -> {target field: value}`` of this version.

        It reads the lines and their crosswalks once, so that a batch of documents costs no more queries
        than one. A crosswalk that stands for records yields records; errors are those of
        :func:`..formats.mapping.apply_mapping`.
        """
        self.ensure_one()
        lines_sudo = self.sudo().line_ids
        rules = [line_sudo._rule() for line_sudo in lines_sudo]
        crosswalks = {
            str(crosswalk.id): (crosswalk, crosswalk._translations())
            for crosswalk in lines_sudo.crosswalk_id.sudo(False)
        }

        def lookup(crosswalk_id, code):
            crosswalk, translations = crosswalks[crosswalk_id]
            return crosswalk._resolve(translations, code)

        return lambda source: apply_mapping(rules, source, lookup)

    def action_activate(self):
        """Let flows use this version and close it for changes."""
        require_group(self, "group_manager", "write")
        for mapping in self:
            if mapping.state != "draft" or not mapping.line_ids:
                raise UserError(self.env._("%s needs lines and must be a draft.", mapping.display_name))
        self.state = "active"
        self.env["integration.audit.entry"]._record("mapping.active", self)

    def action_retire(self):
        """End this version; no flow in use may point at it."""
        require_group(self, "group_manager", "write")
        users = self.flow_ids.filtered(lambda flow: flow.state != "retired")
        if users:
            raise UserError(
                self.env._("These flows still use the mapping: %s.", ", ".join(users.mapped("name")))
            )
        self.state = "retired"
        self.env["integration.audit.entry"]._record("mapping.retired", self)

    def action_new_version(self):
        """Open a draft copy with the next version number."""
        self.ensure_one()
        require_group(self, "group_manager", "create")
        [latest] = self._read_group(
            [("company_id", "=", self.company_id.id), ("name", "=", self.name)], [], ["version:max"]
        )[0]
        draft = self.copy({"name": self.name, "version": latest + 1})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def action_open_flows(self):
        """Open the flows that use this version."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_integration_flow"
        )
        return {**action, "domain": [("mapping_id", "in", self.ids)], "context": {}}
