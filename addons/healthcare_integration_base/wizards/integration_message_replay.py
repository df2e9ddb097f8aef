from odoo import api, fields, models

from ..models.access import require_group


class IntegrationMessageReplay(models.TransientModel):
    """Asks why messages are run again."""

    _name = "integration.message.replay"
    _description = "Replay Integration Messages"

    message_ids = fields.Many2many("integration.message", required=True, readonly=True)
    message_count = fields.Integer("Messages", compute="_compute_message_count")
    reason = fields.Text(required=True)

    @api.depends("message_ids")
    def _compute_message_count(self):
        for wizard in self:
            wizard.message_count = len(wizard.message_ids)

    def action_replay(self):
        self.ensure_one()
        require_group(self.message_ids, "group_operator")
        replayed = self.message_ids._replay(self.reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("%d messages are processed in the background.", len(replayed)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
