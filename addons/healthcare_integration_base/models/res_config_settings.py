from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .access import require_group
from .integration_health import (
    BACKLOG_LIMIT_PARAMETER,
    BACKLOG_LIMIT_SECONDS,
    LANE_SILENCE_PARAMETER,
    LANE_SILENCE_SECONDS,
)
from .integration_task import RETENTION_DAYS, RETENTION_PARAMETER

AUDITED_SETTINGS = (
    "integration_task_retention_days",
    "integration_backlog_limit_seconds",
    "integration_lane_silence_seconds",
)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    integration_task_retention_days = fields.Integer(
        "Keep finished tasks (days)",
        config_parameter=RETENTION_PARAMETER,
        default=RETENTION_DAYS,
    )
    integration_backlog_limit_seconds = fields.Integer(
        "Oldest due task (seconds)", config_parameter=BACKLOG_LIMIT_PARAMETER, default=BACKLOG_LIMIT_SECONDS
    )
    integration_lane_silence_seconds = fields.Integer(
        "Last run of a lane (seconds)", config_parameter=LANE_SILENCE_PARAMETER, default=LANE_SILENCE_SECONDS
    )
    integration_has_monitoring_token = fields.Boolean(compute="_compute_integration_has_monitoring_token")

    def _compute_integration_has_monitoring_token(self):
        self.integration_has_monitoring_token = self.env["integration.monitoring.token"]._is_set()

    @api.constrains(*AUDITED_SETTINGS)
    def _check_integration_settings(self):
        for settings in self:
            if any(settings[name] < 1 for name in AUDITED_SETTINGS):
                raise ValidationError(self.env._("Days and seconds of the integration are 1 or more."))

    def set_values(self):
        before = self.default_get(list(AUDITED_SETTINGS))
        result = super().set_values()
        changes = {name: self[name] for name in AUDITED_SETTINGS if self[name] != before[name]}
        if changes:
            self.env["integration.audit.entry"]._record("settings.changed", detail=changes)
        return result

    def action_integration_renew_token(self):
        """Make a new monitoring token and show it once; the former one opens nothing any more."""
        require_group(self, "group_manager", "write")
        token = self.env["integration.monitoring.token"]._renew()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Monitoring Token"),
            "res_model": "integration.monitoring.token.shown",
            "view_mode": "form",
            "target": "new",
            # The dialog shows it without storing it.
            "context": {"default_token": token},
        }

    def action_integration_revoke_token(self):
        """Let no token open metrics and details of health any more."""
        require_group(self, "group_manager", "write")
        self.env["integration.monitoring.token"]._revoke()
        return {"type": "ir.actions.client", "tag": "reload"}
