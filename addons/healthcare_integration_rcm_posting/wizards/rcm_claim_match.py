from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.healthcare_integration_base.models.access import require_group

MOST_OFFERED = 10


class RcmClaimMatch(models.TransientModel):
    """Asks which invoice a claim belongs to; what may fit is offered.

    Claim and invoices are read with the rights of whoever looks at them: a dialog may name any by its id.
    """

    _name = "rcm.claim.match"
    _description = "Match Claim to Invoice"

    claim_id = fields.Many2one("rcm.claim", required=True, readonly=True)
    company_id = fields.Many2one(related="claim_id.company_id", related_sudo=False)
    currency_id = fields.Many2one(related="claim_id.currency_id", related_sudo=False)
    claim_number = fields.Char(related="claim_id.claim_number", related_sudo=False)
    charge = fields.Monetary(related="claim_id.charge", related_sudo=False)
    paid = fields.Monetary(related="claim_id.paid", related_sudo=False)
    candidate_ids = fields.One2many("rcm.claim.match.candidate", "match_id", readonly=True)
    invoice_id = fields.Many2one(
        "account.move",
        domain="[('move_type', '=', 'out_invoice'), ('state', '=', 'posted'),"
        " ('company_id', '=', company_id)]",
    )

    @api.model
    def _of(self, claim):
        """Return the dialog of a claim; an invoice that is the only one to fit is chosen already."""
        candidates = self._candidates(claim)
        return self.create(
            {
                "claim_id": claim.id,
                "candidate_ids": [Command.create({"invoice_id": invoice.id}) for invoice in candidates],
                "invoice_id": candidates.id if len(candidates) == 1 else False,
            }
        )

    @api.model
    def _candidates(self, claim):
        """Return what the claim's number found, else open invoices of its amount."""
        return claim.candidate_ids or self.env["account.move"].search(
            [
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("company_id", "=", claim.company_id.id),
                ("amount_total", "=", claim.charge),
                ("payment_state", "in", ("not_paid", "partial")),
            ],
            limit=MOST_OFFERED,
        )

    def action_match(self):
        """Match the claim to the invoice that is chosen.

        :raise UserError: if none is
        """
        self.ensure_one()
        require_group(self.claim_id, "group_operator")
        if not self.invoice_id:
            raise UserError(self.env._("Choose the invoice of the claim."))
        return self._match(self.invoice_id)

    def _match(self, invoice):
        require_group(self.claim_id, "group_operator")
        self.claim_id._match_by_hand(invoice)
        return {"type": "ir.actions.act_window_close"}
