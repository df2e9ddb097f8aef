from odoo import fields, models


class IntegrationTaskDependency(models.Model):
    """A task that another one waits for."""

    _name = "integration.task.dependency"
    _description = "Integration Task Dependency"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "depends_on_id"

    task_id = fields.Many2one(
        "integration.task", required=True, readonly=True, index=True, ondelete="cascade"
    )
    depends_on_id = fields.Many2one(
        "integration.task", "Waits For", required=True, readonly=True, index=True, ondelete="cascade"
    )
    state = fields.Selection(related="depends_on_id.state")
    if_failed = fields.Selection(
        [("hold", "Wait until it is done"), ("cancel", "Cancel"), ("continue", "Run all the same")],
        "If It Fails",
        required=True,
        readonly=True,
        default="hold",
    )
