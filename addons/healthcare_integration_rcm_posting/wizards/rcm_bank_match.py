from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.healthcare_integration_base.models.access import require_group


class RcmBankMatch(models.TransientModel):
    """Asks which bank statement line brought the money of a remittance, when several may have."""

    _name = "rcm.bank.match"
    _description = "Match Remittance to Bank Line"

    remittance_id = fields.Many2one("rcm.remittance", required=True, readonly=True)
    currency_id = fields.Many2one(related="remittance_id.currency_id", related_sudo=False)
    payer_label = fields.Char(related="remittance_id.payer_label", related_sudo=False, string="Payer")
    trace_number = fields.Char(related="remittance_id.trace_number", related_sudo=False)
    payment_date = fields.Date(related="remittance_id.payment_date", related_sudo=False)
    amount = fields.Monetary(related="remittance_id.amount", related_sudo=False)
    candidate_ids = fields.One2many("rcm.bank.match.candidate", "match_id", readonly=True)

    @api.model
    def _of(self, remittance):
        """Return the dialog of a remittance that waits for the bank."""
        return self.create(
            {
                "remittance_id": remittance.id,
                "candidate_ids": [
                    Command.create({"bank_line_id": line.id}) for line in remittance._bank_candidates()
                ],
            }
        )

    def _match(self, line):
        require_group(self.remittance_id, "group_operator")
        self.remittance_id._match_bank_by_hand(line)
        return {"type": "ir.actions.act_window_close"}
