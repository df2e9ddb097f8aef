from odoo import api, fields, models

from ..formats.tabular import CHECKS, ROLES, Column
from ..formats.value_types import VALUE_TYPES


class IntegrationMappingColumn(models.Model):
    """One column of the CSV or fixed width files that a mapping reads or writes."""

    _name = "integration.mapping.column"
    _description = "Integration Mapping Column"
    _inherit = ["integration.mapping.child"]
    _order = "mapping_id, role, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, help="What the lines of the mapping call the column.")
    role = fields.Selection("_selection_role", "Kind of Record", required=True, default="detail")
    type = fields.Selection("_selection_type", required=True, default="text")
    argument = fields.Char(
        help="Date: a pattern such as YYYYMMDD. Date and time: a pattern and its zone, such as "
        "YYYYMMDDHHmm@America/Chicago. Decimal number: the decimal sign. Implied decimals: how many. "
        "Yes or no: the texts for yes, a slash, the texts for no.",
    )
    title = fields.Char(help="Of the column in the first row of a CSV file. Empty: the name.")
    position = fields.Integer(
        help="Number of the cell in a CSV row, from 1. 0: found by its title.", aggregator=None
    )
    start = fields.Integer(help="First character in a fixed width line, from 1.", aggregator=None)
    width = fields.Integer(help="Number of characters in a fixed width line.", aggregator=None)
    align = fields.Selection(
        [("left", "Left"), ("right", "Right")], help="Empty: numbers right, everything else left."
    )
    is_zero_filled = fields.Boolean("Zeros", help="A number is filled with zeros instead of blanks.")
    is_required = fields.Boolean("Required")
    is_private = fields.Boolean("Private", help="Error messages do not repeat the value.")
    check = fields.Selection(
        "_selection_check", help="What a header or trailer states: checked when read, filled in when written."
    )
    check_column = fields.Char("Total Of", help="The detail column whose total this is.")

    _name_unique = models.Constraint(
        "UNIQUE (mapping_id, role, name)", "The kind of record already has a column of this name."
    )

    @api.model
    def _selection_role(self):
        return list(ROLES.items())

    @api.model
    def _selection_type(self):
        return [(name, value_type.label) for name, value_type in VALUE_TYPES.items()]

    @api.model
    def _selection_check(self):
        return list(CHECKS.items())

    def _column(self):
        """Return this column as the tabular formats use it."""
        self.ensure_one()
        return Column(
            name=self.name or "",
            type=self.type,
            argument=self.argument or "",
            title=self.title or "",
            position=self.position,
            start=self.start,
            width=self.width,
            align=self.align or "",
            fill="0" if self.is_zero_filled else " ",
            is_required=self.is_required,
            is_private=self.is_private,
            role=self.role,
            check=self.check or "",
            check_column=self.check_column or "",
        )
