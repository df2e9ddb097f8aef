from odoo import api, fields, models
from odoo.exceptions import UserError

from .access import require_group

HOLD_FIELDS = frozenset({"legal_hold", "legal_hold_reason", "legal_hold_by_id", "legal_hold_on"})


class IntegrationLegalHold(models.AbstractModel):
    """Mixin of what may be under legal hold: nothing of it is deleted until the hold is released."""

    _name = "integration.legal.hold"
    _description = "Integration Legal Hold"

    legal_hold = fields.Boolean(readonly=True, copy=False, help="Retention deletes nothing of it.")
    legal_hold_reason = fields.Text("Reason of the hold", readonly=True, copy=False)
    legal_hold_by_id = fields.Many2one(
        "res.users", "Held by", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    legal_hold_on = fields.Datetime("Held since", readonly=True, copy=False)

    def action_place_hold(self):
        """Ask for the reason of a legal hold."""
        return self._open_hold_wizard(self.env._("Place Under Legal Hold"), is_release=False)

    def action_release_hold(self):
        """Ask why a legal hold ends."""
        return self._open_hold_wizard(self.env._("Release the Legal Hold"), is_release=True)

    def _open_hold_wizard(self, title, *, is_release):
        require_group(self, "group_manager")
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "integration.legal.hold.change",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_res_model": self._name,
                "default_res_ids": self.ids,
                "default_is_release": is_release,
            },
        }

    def _place_hold(self, reason):
        """Put records under legal hold.

        :param str reason: for the audit log; never private data
        """
        require_group(self, "group_manager")
        # Of a message no role may write anything else.
        self.sudo().write(
            {
                "legal_hold": True,
                "legal_hold_reason": reason,
                "legal_hold_by_id": self.env.uid,
                "legal_hold_on": self.env.cr.now(),
            }
        )
        self.env["integration.audit.entry"]._record("legal_hold.placed", self, {"reason": reason})

    def _release_hold(self, reason):
        """End the legal hold: retention may delete from its next run on.

        :param str reason: for the audit log; never private data
        """
        require_group(self, "group_manager")
        self.sudo().write(
            {
                "legal_hold": False,
                "legal_hold_reason": False,
                "legal_hold_by_id": False,
                "legal_hold_on": False,
            }
        )
        self.env["integration.audit.entry"]._record("legal_hold.released", self, {"reason": reason})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        if held := self.filtered("legal_hold"):
            raise UserError(self.env._("%s is under legal hold and cannot be deleted.", held[0].display_name))
