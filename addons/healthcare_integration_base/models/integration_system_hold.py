from odoo import models


class IntegrationSystemHold(models.Model):
    """A system under legal hold keeps all its messages."""

    _name = "integration.system"
    _inherit = ["integration.system", "integration.legal.hold"]
