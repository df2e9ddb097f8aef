from odoo import fields, models


class IntegrationFlowQueue(models.Model):
    """How the queue treats the tasks of a flow."""

    _inherit = "integration.flow"

    task_limit = fields.Integer(
        "Tasks at once",
        help="In how many lanes tasks of this flow may run at the same time. Zero: in all.",
    )
    is_ordered = fields.Boolean(
        "In order",
        help="Documents are processed one after the other, as received. One that is held also holds those "
        "behind it that have the same key; what the key is, the document type decides.",
    )

    _task_limit_valid = models.Constraint("CHECK (task_limit >= 0)", "The limit is not negative.")

    def action_go_live(self):
        result = super().action_go_live()
        self.env["integration.queue"]._wake_lanes([None])
        return result
