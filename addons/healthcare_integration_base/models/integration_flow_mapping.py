from odoo import api, fields, models
from odoo.exceptions import UserError

from .access import require_group


class IntegrationFlowMapping(models.Model):
    """What a flow does when some records of a document cannot be mapped."""

    _inherit = "integration.flow"

    is_all_or_nothing = fields.Boolean(
        "All or Nothing",
        help="One record that is refused holds the whole document. Otherwise the others are taken in, and "
        "the refused ones wait for a person.",
    )

    def action_approve(self):
        """Record the approval; the mapping must be one that no longer changes."""
        require_group(self, "group_manager", "write")
        for flow in self.filtered("mapping_id"):
            if flow.mapping_id.state != "active":
                raise UserError(self.env._("Activate the mapping %s first.", flow.mapping_id.display_name))
        return super().action_approve()

    @api.model
    def _approved_fields(self):
        return super()._approved_fields() | {"is_all_or_nothing"}
