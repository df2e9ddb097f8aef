from odoo import api, fields, models

from odoo.addons.healthcare_integration_base.models.access import require_group


class RcmClaimMatch(models.TransientModel):
    """Asks which invoice a claim belongs to; what fits best is offered first."""

    _name = "rcm.claim.match"
    _description = "Match Claim to Invoice"

    claim_id = fields.Many2one("rcm.claim", required=True, readonly=True)
    company_id = fields.Many2one(related="claim_id.company_id")
    currency_id = fields.Many2one(related="claim_id.currency_id")
    claim_number = fields.Char(related="claim_id.claim_number")
    charge = fields.Monetary(related="claim_id.charge")
    paid = fields.Monetary(related="claim_id.paid")
    candidate_ids = fields.Many2many("account.move", compute="_compute_candidate_ids")
    invoice_id = fields.Many2one(
        "account.move",
        compute="_compute_invoice_id",
        store=True,
        readonly=False,
        required=True,
        domain="[('move_type', '=', 'out_invoice'), ('state', '=', 'posted'),"
        " ('company_id', '=', company_id)]",
    )

    @api.depends("claim_id")
    def _compute_candidate_ids(self):
        for wizard in self:
            claim = wizard.claim_id
            wizard.candidate_ids = claim.candidate_ids or self.env["account.move"].search(
                [
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("company_id", "=", claim.company_id.id),
                    ("amount_total", "=", claim.charge),
                    ("payment_state", "in", ("not_paid", "partial")),
                ],
                limit=10,
            )

    @api.depends("candidate_ids")
    def _compute_invoice_id(self):
        """Offer the invoice when only one may fit; the biller still confirms it."""
        for wizard in self:
            wizard.invoice_id = wizard.candidate_ids if len(wizard.candidate_ids) == 1 else wizard.invoice_id

    def action_match(self):
        self.ensure_one()
        require_group(self.claim_id, "group_operator")
        self.claim_id._match_by_hand(self.invoice_id)
        return {"type": "ir.actions.act_window_close"}
