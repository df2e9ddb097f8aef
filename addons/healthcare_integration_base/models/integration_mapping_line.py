from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..formats.mapping import FieldRule, check_rule
from ..formats.transforms import TRANSFORMS


class IntegrationMappingLine(models.Model):
    """One rule of a field mapping: source path, transform, target field."""

    _name = "integration.mapping.line"
    _description = "Integration Mapping Line"
    _order = "mapping_id, sequence, id"
    _rec_name = "target_field"
    _check_company_auto = True

    mapping_id = fields.Many2one("integration.mapping", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="mapping_id.company_id", store=True, index=True, precompute=True)
    sequence = fields.Integer(default=10)
    source_path = fields.Char(help="Path in the document, for example payer.id or claims.0.amount.")
    target_field = fields.Char(required=True)
    transform = fields.Selection("_selection_transform", required=True, default="text")
    transform_argument = fields.Char(
        "Argument",
        help="Date: a pattern such as YYYYMMDD. Date and time: a pattern and its zone, such as "
        "YYYYMMDDHHmm@America/Chicago. Decimal number: the decimal sign. Implied decimals: how many. "
        "Yes or no: the texts for yes, a slash, the texts for no. Joined list: what goes between.",
    )
    default_value = fields.Char("Default", help="Used where the document has no value.")
    is_required = fields.Boolean("Required")
    is_private = fields.Boolean("Private", help="Error messages do not repeat the value.")
    crosswalk_id = fields.Many2one(
        "integration.crosswalk", index=True, check_company=True, ondelete="restrict"
    )

    _target_unique = models.Constraint(
        "UNIQUE (mapping_id, target_field)", "Each target field has one line in a mapping."
    )

    @api.model
    def _selection_transform(self):
        return [(name, transform.label) for name, transform in TRANSFORMS.items()]

    def _rule(self):
        """Return this line as the rule that the mapping engine runs; crosswalks go by their id."""
        self.ensure_one()
        return FieldRule(
            source=(self.source_path or "").strip(),
            target=(self.target_field or "").strip(),
            transform=self.transform,
            argument=self.transform_argument or "",
            default=self.default_value or "",
            is_required=self.is_required,
            is_private=self.is_private,
            crosswalk=str(self.crosswalk_id.id) if self.crosswalk_id else "",
        )

    @api.constrains("source_path", "target_field", "transform", "transform_argument", "default_value")
    def _check_rule(self):
        for line in self:
            try:
                check_rule(line._rule())
            except ValueError as error:
                raise ValidationError(str(error)) from error

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._check_draft()

    def _check_draft(self):
        """:raise UserError: when the version of a line is closed for changes"""
        closed = self.mapping_id.filtered(lambda mapping: mapping.state != "draft")
        if closed:
            raise UserError(
                self.env._("%s no longer changes. Create a new version instead.", closed[0].display_name)
            )
