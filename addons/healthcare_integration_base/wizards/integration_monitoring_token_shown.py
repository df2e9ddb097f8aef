from odoo import fields, models


class IntegrationMonitoringTokenShown(models.TransientModel):
    """Shows a new monitoring token once. It is not stored: the field has no column."""

    _name = "integration.monitoring.token.shown"
    _description = "New Integration Monitoring Token"

    token = fields.Char(store=False, readonly=True)
