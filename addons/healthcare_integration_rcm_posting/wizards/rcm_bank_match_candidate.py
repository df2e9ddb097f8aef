from odoo import fields, models


class RcmBankMatchCandidate(models.TransientModel):
    """A bank statement line that may have brought the money of a remittance.

    It is read with the rights of whoever looks at it: bank lines name people who paid.
    """

    _name = "rcm.bank.match.candidate"
    _description = "Bank Line That May Fit a Remittance"

    match_id = fields.Many2one("rcm.bank.match", required=True, ondelete="cascade")
    bank_line_id = fields.Many2one(
        "account.bank.statement.line", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="bank_line_id.currency_id", related_sudo=False)
    date = fields.Date(related="bank_line_id.date", related_sudo=False)
    journal_id = fields.Many2one(related="bank_line_id.journal_id", related_sudo=False)
    payment_ref = fields.Char(related="bank_line_id.payment_ref", related_sudo=False)
    amount = fields.Monetary(related="bank_line_id.amount", related_sudo=False)

    def action_match(self):
        """Match the remittance to this bank line."""
        self.ensure_one()
        return self.match_id._match(self.bank_line_id)
