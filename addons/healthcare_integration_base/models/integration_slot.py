from odoo import fields, models


class IntegrationSlot(models.Model):
    """A place that the limit of a flow or endpoint allows, taken by a lane while its lease lasts."""

    _name = "integration.slot"
    _description = "Integration Slot"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "resource"

    resource = fields.Char(required=True, readonly=True, help="flow:id or endpoint:id")
    number = fields.Integer(required=True, readonly=True, aggregator=None)
    lease_id = fields.Many2one(
        "integration.lease", required=True, readonly=True, index=True, ondelete="cascade"
    )

    _number_uniq = models.UniqueIndex("(resource, number)")
