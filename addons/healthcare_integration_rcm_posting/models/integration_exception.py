from odoo import fields, models

from odoo.addons.healthcare_integration_base.models.access import require_group

from ..posting.issues import NO_RULE_CODE


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
        """Ask which partner is the unknown payer, or which company or facility the unknown payee."""
        require_group(self, "group_operator")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who Is %s?", (self.subject or "").partition(":")[2]),
            "res_model": "rcm.party.mapping",
            "view_mode": "form",
            "target": "new",
            "context": {"default_exception_id": self.id},
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

    def _leave(self, messages, resolution):
        """An exception that stays open for other remittances leads to one of those."""
        shared = super()._leave(messages, resolution)
        for exception in shared.filtered(lambda e: e.rcm_remittance_id.message_id in messages):
            remittances = exception.message_ids._remittances()
            claim = exception.rcm_claim_id and remittances._first_claim(exception.subject)
            remittance = claim.remittance_id or remittances[:1]
            # See message_ids: what it is about is no user's choice.
            exception.sudo().write({"rcm_remittance_id": remittance.id, "rcm_claim_id": claim.id})
        return shared

    def _release(self):
        """Adjustments that waited for a posting rule are looked at again."""
        result = super()._release()
        unruled = self.filtered(lambda exception: exception.code == NO_RULE_CODE)
        # Resolving is the operator's right; the remittances are the system's records.
        self.env["rcm.remittance"].sudo().search(
            [("message_id", "in", unruled.sudo().message_ids.ids), ("state", "=", "posted")]
        )._queue_review()
        return result
