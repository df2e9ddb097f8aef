from odoo import api, fields, models

from ..posting.roles import Role


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    rcm_remittance_id = fields.Many2one(
        related="move_id.rcm_remittance_id", store=True, index="btree_not_null"
    )
    rcm_claim_id = fields.Many2one(
        "rcm.claim", string="Remitted Claim", readonly=True, copy=False, index="btree_not_null"
    )
    rcm_provider_adjustment_id = fields.Many2one(
        "rcm.provider.adjustment",
        string="Provider Adjustment",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    rcm_invoice_id = fields.Many2one(
        "account.move", string="Claim's Invoice", readonly=True, copy=False, index="btree_not_null"
    )
    rcm_role = fields.Char(string="Posting Role", readonly=True, copy=False)
    rcm_role_label = fields.Char(string="What It Is", compute="_compute_rcm_role_label")
    rcm_reference = fields.Char(
        string="Pairs Up By", readonly=True, copy=False, help="Claim or trace number of a provider adjustment"
    )

    _rcm_reference_idx = models.Index("(rcm_reference, partner_id) WHERE rcm_reference IS NOT NULL")

    @api.depends("rcm_role")
    def _compute_rcm_role_label(self):
        for line in self:
            line.rcm_role_label = Role(line.rcm_role).label if line.rcm_role else False

    def _holds_texts_of_partners(self):
        """Journal items of remittances are named by what payers call a claim."""
        return super()._holds_texts_of_partners() or bool(self.rcm_remittance_id)

    def action_match_rcm_claim(self):
        """Ask for the invoice of the claim whose money waits in this line."""
        self.ensure_one()
        self.check_access("read")
        return self.rcm_claim_id.action_match()
