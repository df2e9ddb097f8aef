from odoo import api, fields, models


class IntegrationFlowMapping(models.Model):
    """What a flow does when some records of a document cannot be mapped."""

    _inherit = "integration.flow"

    is_all_or_nothing = fields.Boolean(
        "All or Nothing",
        help="One record that is refused holds the whole document. Otherwise the others are taken in, and "
        "the refused ones wait for a person.",
    )

    @api.model
    def _approved_fields(self):
        return super()._approved_fields() | {"is_all_or_nothing"}
