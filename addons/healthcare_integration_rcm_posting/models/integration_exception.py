from odoo import fields, models

from odoo.addons.healthcare_integration_base.models.access import require_group

from ..posting.issues import NO_RULE_CODE

#: What a reference of these kinds names.
_MODEL_OF_KIND = {"payer": "res.partner", "payee": "res.company"}


class IntegrationException(models.Model):
    _inherit = "integration.exception"

    rcm_remittance_id = fields.Many2one(
        "rcm.remittance", string="Remittance", readonly=True, index="btree_not_null"
    )
    rcm_claim_id = fields.Many2one("rcm.claim", string="Claim", readonly=True, index="btree_not_null")
    rcm_claim_match_state = fields.Selection(related="rcm_claim_id.match_state")

    def action_match_rcm_claim(self):
        """Ask for the invoice of the claim that found none or several."""
        self.ensure_one()
        self.check_access("read")
        return self.rcm_claim_id.action_match()

    def action_map_rcm_party(self):
        """Ask which partner is the unknown payer, or which company the unknown payee."""
        require_group(self, "group_operator")
        self.ensure_one()
        kind, _separator, key = (self.subject or "").partition(":")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who Is %s?", key),
            "res_model": "integration.reference",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_system_id": self.system_id.id,
                "default_kind": kind,
                "default_external_key": key,
                "default_res_model": _MODEL_OF_KIND.get(kind),
            },
        }

    def action_add_rcm_posting_rule(self):
        """Ask what the adjustment that no posting rule covers means in the books."""
        require_group(self, "group_manager")
        self.ensure_one()
        # The subject ends with group and reason of the adjustment.
        _payer, group_code, reason = (self.subject or "").rsplit(" ", 2)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Rule for %(group)s %(reason)s", group=group_code, reason=reason),
            "res_model": "rcm.posting.rule",
            "view_mode": "form",
            "target": "new",
            "context": {"default_group_code": group_code, "default_reason": reason},
        }

    def _release(self):
        """Adjustments that waited for a posting rule are looked at again."""
        result = super()._release()
        unruled = self.filtered(lambda exception: exception.code == NO_RULE_CODE)
        # Resolving is the operator's right; the remittances are the system's records.
        self.env["rcm.remittance"].sudo().search(
            [("message_id", "in", unruled.sudo().message_ids.ids), ("state", "=", "posted")]
        )._queue_review()
        return result
