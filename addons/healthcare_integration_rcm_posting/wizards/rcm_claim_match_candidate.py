from odoo import api, fields, models

from ..models.rcm_claim import PRIVATE


class RcmClaimMatchCandidate(models.TransientModel):
    """An invoice that may be the one of a claim."""

    _name = "rcm.claim.match.candidate"
    _description = "Invoice That May Fit a Claim"

    match_id = fields.Many2one("rcm.claim.match", required=True, ondelete="cascade")
    invoice_id = fields.Many2one("account.move", required=True, readonly=True)
    currency_id = fields.Many2one(related="invoice_id.currency_id", related_sudo=False)
    claim_number = fields.Char(related="invoice_id.rcm_claim_number", related_sudo=False)
    partner_id = fields.Many2one(related="invoice_id.partner_id", related_sudo=False, groups=PRIVATE)
    partner_label = fields.Char(string="Customer", compute="_compute_partner_label")
    invoice_date = fields.Date(related="invoice_id.invoice_date", related_sudo=False)
    amount_total = fields.Monetary(related="invoice_id.amount_total", related_sudo=False)
    amount_residual = fields.Monetary(related="invoice_id.amount_residual", related_sudo=False, string="Open")

    @api.depends("invoice_id.partner_id")
    def _compute_partner_label(self):
        for candidate in self:
            candidate.partner_label = candidate.invoice_id.partner_id._rcm_masked_name()

    def action_match(self):
        """Match the claim to this invoice."""
        self.ensure_one()
        return self.match_id._match(self.invoice_id)

    def action_open_invoice(self):
        """Open the invoice beside the dialog, in another tab of the browser."""
        self.ensure_one()
        self.invoice_id.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/odoo/account.move/{self.invoice_id.id}",
            "target": "new",
        }
