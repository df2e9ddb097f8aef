from odoo import fields, models


class IntegrationExceptionWaive(models.TransientModel):
    """Asks why exceptions are accepted without a re-run."""

    _name = "integration.exception.waive"
    _description = "Waive Integration Exceptions"

    exception_ids = fields.Many2many("integration.exception", required=True)
    reason = fields.Text(required=True)

    def action_waive(self):
        self.ensure_one()
        self.exception_ids._waive(self.reason)
        return {"type": "ir.actions.act_window_close"}
