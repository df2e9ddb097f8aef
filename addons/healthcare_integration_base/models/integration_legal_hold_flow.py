from odoo import api, models

from .integration_legal_hold import HOLD_FIELDS


class IntegrationLegalHoldFlow(models.Model):
    """A flow under legal hold keeps all its messages, and the files that they came in."""

    _name = "integration.flow"
    _inherit = ["integration.flow", "integration.legal.hold"]

    @api.model
    def _closed_fields(self):
        return super()._closed_fields() | HOLD_FIELDS
