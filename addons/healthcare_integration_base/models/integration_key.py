from odoo import api, fields, models

from .access import require_group


class IntegrationKey(models.Model):
    """A key that something in this database is encrypted or sealed with. The key itself is elsewhere."""

    _name = "integration.key"
    _description = "Integration Key"
    _order = "first_used_on desc, id desc"
    _rec_name = "key_id"
    _log_access = False
    _allow_sudo_commands = False

    key_id = fields.Char(required=True, readonly=True)
    first_used_on = fields.Datetime(required=True, readonly=True)
    retired_on = fields.Datetime(
        readonly=True, help="Nothing is encrypted with it any more; keep it to verify older seals."
    )
    state = fields.Selection(
        [("current", "Current"), ("former", "Former"), ("retired", "Retired"), ("missing", "Missing")],
        compute="_compute_state",
        help="Current: encrypts what is new. Former: still decrypts what is old. "
        "Missing: this server does not have it.",
    )

    _key_unique = models.Constraint("UNIQUE (key_id)", "A key is recorded once.")

    @api.depends("retired_on")
    def _compute_state(self):
        ring = self.env["integration.keyring"]._ring_at_hand()
        for key in self:
            if ring is None or key.key_id not in ring.key_ids:
                key.state = "missing"
            elif key.key_id == ring.active_id:
                key.state = "current"
            else:
                key.state = "retired" if key.retired_on else "former"

    def action_rotate(self):
        """Encrypt with the current key, in the background, what former keys have encrypted."""
        require_group(self, "group_secrets_officer")
        self.env.ref("healthcare_integration_base.ir_cron_integration_rotate").sudo()._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": self.env._("Former keys are replaced in the background.")},
        }
