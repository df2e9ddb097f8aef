from odoo import api, models

from .integration_legal_hold import HOLD_FIELDS


class IntegrationSystemHold(models.Model):
    """A system under legal hold keeps all its messages."""

    _name = "integration.system"
    _inherit = ["integration.system", "integration.legal.hold"]

    @api.model
    def _closed_fields(self):
        return super()._closed_fields() | HOLD_FIELDS
