from odoo import fields, models
from odoo.exceptions import UserError

from ..models.access import require_group

HOLDABLE_MODELS = ("integration.system", "integration.flow", "integration.message")


class IntegrationLegalHoldChange(models.TransientModel):
    """Asks why a legal hold is placed or released."""

    _name = "integration.legal.hold.change"
    _description = "Change Integration Legal Holds"

    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(required=True, readonly=True)
    is_release = fields.Boolean(readonly=True)
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Place or release the hold, with the current user's rights."""
        require_group(self, "group_manager")
        self.ensure_one()
        if self.res_model not in HOLDABLE_MODELS:
            raise UserError(self.env._("%s cannot be under legal hold.", self.res_model))
        records = self.env[self.res_model].browse(self.res_ids)
        if self.is_release:
            records._release_hold(self.reason)
        else:
            records._place_hold(self.reason)
        return {"type": "ir.actions.act_window_close"}
