from odoo import api, fields, models

from ..models.access import require_group
from ..operations import worst_state


class IntegrationHealthPanel(models.TransientModel):
    """Shows what keeps the integration from working, or soon will, and what to change."""

    _name = "integration.health.panel"
    _description = "Integration System Health"

    name = fields.Char(compute="_compute_name")
    state = fields.Selection(
        [("ok", "In order"), ("warning", "Look at it"), ("failure", "Does not work")],
        required=True,
        readonly=True,
    )
    work_line_ids = fields.One2many(
        "integration.health.panel.line", "panel_id", domain=[("kind", "=", "work")], readonly=True
    )
    server_line_ids = fields.One2many(
        "integration.health.panel.line", "panel_id", domain=[("kind", "=", "server")], readonly=True
    )

    def _compute_name(self):
        self.name = self.env._("System Health")

    @api.model
    def action_look(self):
        """Look at everything now and show it."""
        require_group(self, "group_viewer")
        health = self.env["integration.health"]
        checks = {"work": health._readiness(), "server": health._server()}
        panel = self.create({"state": worst_state(check for group in checks.values() for check in group)})
        self.env["integration.health.panel.line"].create(
            [
                {"panel_id": panel.id, "kind": kind, **check.as_dict()}
                for kind, group in checks.items()
                for check in group
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("System Health"),
            "res_model": self._name,
            "res_id": panel.id,
            "view_mode": "form",
            "target": "current",
        }


class IntegrationHealthPanelLine(models.TransientModel):
    _name = "integration.health.panel.line"
    _description = "Integration System Health Check"
    _order = "id"
    _rec_name = "title"

    panel_id = fields.Many2one(
        "integration.health.panel", required=True, readonly=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection([("work", "Work"), ("server", "Server")], required=True, readonly=True)
    code = fields.Char(readonly=True)
    title = fields.Char("Check", readonly=True)
    state = fields.Selection(
        [("ok", "OK"), ("warning", "Warning"), ("failure", "Failure")], required=True, readonly=True
    )
    found = fields.Text(readonly=True)
    expected = fields.Text(readonly=True)
    remedy = fields.Text("What to change", readonly=True)
