from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    rcm_remittance_id = fields.Many2one(related="move_id.rcm_remittance_id", store=True, index="btree_not_null")
    rcm_claim_id = fields.Many2one("rcm.claim", string="Remitted Claim", readonly=True, copy=False, index="btree_not_null")
    rcm_provider_adjustment_id = fields.Many2one(
        "rcm.provider.adjustment", string="Provider Adjustment", readonly=True, copy=False, index="btree_not_null"
    )
    rcm_invoice_id = fields.Many2one(
        "account.move", string="Claim's Invoice", readonly=True, copy=False, index="btree_not_null"
    )
    rcm_role = fields.Char(string="Posting Role", readonly=True, copy=False)
    rcm_reference = fields.Char(
        string="Pairs Up By", readonly=True, copy=False, help="Claim or trace number of a provider adjustment"
    )

    _rcm_reference_idx = models.Index("(account_id, rcm_reference) WHERE rcm_reference IS NOT NULL")
