from odoo import fields, models


class IntegrationEndpointQueue(models.Model):
    """How the queue treats the tasks that talk to an endpoint."""

    _inherit = "integration.endpoint"

    task_limit = fields.Integer(
        "Tasks at once",
        help="In how many lanes tasks may talk to this endpoint at the same time. Zero: in all.",
    )

    _task_limit_valid = models.Constraint("CHECK (task_limit >= 0)", "The limit is not negative.")

    def _has_ordered_flow(self):
        """Tell whether files of the endpoint must be split in the order in which they were received."""
        self.ensure_one()
        flows = self.env["integration.route"].search([("endpoint_id", "=", self.id)]).flow_id
        return any(flows.mapped("is_ordered"))

    def _set_state(self, state, **values):
        result = super()._set_state(state, **values)
        if self and state not in ("paused", "suspended"):
            self.env["integration.queue"]._wake_lanes([None])
        return result
