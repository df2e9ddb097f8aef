from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..formats.mapping import CONDITIONS, TRANSFORMS, Rule, check_line


class IntegrationMappingLine(models.Model):
    """One rule of a field mapping: source path, transform, target field."""

    _name = "integration.mapping.line"
    _description = "Integration Mapping Line"
    _inherit = ["integration.mapping.child"]
    _order = "mapping_id, sequence, id"
    _rec_name = "target_field"
    _check_company_auto = True

    source_path = fields.Char(
        help="JSON: payer.id or lines[0].code. XML: Name/Last or @id. CSV and fixed width: the name of a "
        "column, or header. and the name of a header column. Below a repeated group it starts at an item. "
        "Empty: the default is a constant."
    )
    target_field = fields.Char(
        required=True,
        help="Dots nest: address.city. Below the target of a repeated group a line fills its items: "
        "lines.code.",
    )
    transform = fields.Selection("_selection_transform", required=True, default="text")
    transform_argument = fields.Char(
        "Argument",
        help="Date: a pattern such as YYYYMMDD. Date and time: a pattern and its zone, such as "
        "YYYYMMDDHHmm@America/Chicago. Decimal number: the decimal sign. Implied decimals: how many. "
        "Yes or no: the texts for yes, a slash, the texts for no. Joined list, split text: what is between. "
        "Limited length, first characters and leading zeros: how many characters.",
    )
    default_value = fields.Char("Default", help="Used where the document has no value.")
    is_required = fields.Boolean("Required")
    is_private = fields.Boolean("Private", help="Error messages do not repeat the value.")
    crosswalk_id = fields.Many2one(
        "integration.crosswalk", index=True, check_company=True, ondelete="restrict"
    )
    condition = fields.Selection("_selection_condition", help="The line is left out unless this holds.")
    condition_path = fields.Char("Tested Path")
    condition_value = fields.Char("Tested Value")

    _target_unique = models.Constraint(
        "UNIQUE (mapping_id, target_field)", "Each target field has one line in a mapping."
    )

    @api.model
    def _selection_transform(self):
        return [(name, transform.label) for name, transform in TRANSFORMS.items()]

    @api.model
    def _selection_condition(self):
        return list(CONDITIONS.items())

    def _rule(self):
        """Return this line as the rule that the mapping engine runs; crosswalks go by their id."""
        self.ensure_one()
        return Rule(
            source=(self.source_path or "").strip(),
            target=(self.target_field or "").strip(),
            transform=self.transform,
            argument=self.transform_argument or "",
            default=self.default_value or "",
            is_required=self.is_required,
            is_private=self.is_private,
            crosswalk=str(self.crosswalk_id.id) if self.crosswalk_id else "",
            condition=self.condition or "",
            condition_source=(self.condition_path or "").strip(),
            condition_value=self.condition_value or "",
        )

    @api.constrains(
        "source_path",
        "target_field",
        "transform",
        "transform_argument",
        "default_value",
        "crosswalk_id",
        "condition",
        "condition_path",
    )
    def _check_rule(self):
        """Check each line; columns may be saved after the lines, so their names wait for the activation."""
        for line in self:
            mapping = line.mapping_id
            reads_columns = mapping._is_tabular() and mapping.direction != "out"
            try:
                check_line(line._rule(), None if reads_columns else mapping._path_language())
            except ValueError as error:
                raise ValidationError(str(error)) from error
