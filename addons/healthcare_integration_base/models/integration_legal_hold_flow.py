from odoo import models


class IntegrationLegalHoldFlow(models.Model):
    """A flow under legal hold keeps all its messages, and the files that they came in."""

    _name = "integration.flow"
    _inherit = ["integration.flow", "integration.legal.hold"]
