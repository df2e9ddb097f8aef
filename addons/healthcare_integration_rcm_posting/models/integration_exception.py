from odoo import fields, models


class IntegrationException(models.Model):
    _inherit = "integration.exception"

    rcm_remittance_id = fields.Many2one("rcm.remittance", string="Remittance", readonly=True, index="btree_not_null")
    rcm_claim_id = fields.Many2one("rcm.claim", string="Claim", readonly=True, index="btree_not_null")
