from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    rcm_is_payer = fields.Boolean(
        string="Health Plan", help="Invoices addressed to this partner are a payer's debt."
    )
