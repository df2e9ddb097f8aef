from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    rcm_journal_id = fields.Many2one(
        "account.journal",
        string="Remittance Journal",
        check_company=True,
        domain="[('type', '=', 'general')]",
    )
    rcm_entry_claim_limit = fields.Integer(string="Claims per Journal Entry", default=500)
    rcm_closed_period_policy = fields.Selection(
        [("next_open_day", "Post on the next open day"), ("hold", "Hold the remittance")],
        string="Payment in a Closed Period",
        default="next_open_day",
    )
    rcm_unbalanced_claim_policy = fields.Selection(
        [("hold", "Hold the remittance"), ("post_balanced", "Post the claims that balance")],
        string="Claim That Does Not Balance",
        default="hold",
        help="A remittance whose total does not balance is always held.",
    )
    rcm_denied_claim_policy = fields.Selection(
        [("leave", "Leave it on the invoice"), ("reclass", "Move it to Receivable - denied")],
        string="Open Amount of a Denied Claim",
        default="leave",
        help="A moved amount stays the payer's debt, and the invoice counts as settled.",
    )

    _rcm_entry_claim_limit_positive = models.Constraint(
        "CHECK (rcm_entry_claim_limit IS NULL OR rcm_entry_claim_limit BETWEEN 1 AND 500)",
        "A journal entry holds between 1 and 500 claims.",
    )
