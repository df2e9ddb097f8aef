from odoo import models


class IntegrationEndpointClearance(models.Model):
    """An address carries only the protected data that it is cleared for."""

    _name = "integration.endpoint"
    _inherit = ["integration.endpoint", "integration.clearance"]
