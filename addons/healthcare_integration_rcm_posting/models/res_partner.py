from odoo import fields, models

from .rcm_claim import PRIVATE


class ResPartner(models.Model):
    _inherit = "res.partner"

    rcm_is_payer = fields.Boolean(
        string="Health Plan", help="Invoices addressed to this partner are a payer's debt."
    )

    def _rcm_masked_name(self):
        """Return the name for a screen of this addon; without the group for private data only a payer's."""
        if not self:
            return False
        may_see = self.sudo().rcm_is_payer or self.env.user.has_group(PRIVATE)
        return self.display_name if may_see else self.env._("Private")

    def _increase_rank(self, field, n=1):
        # Parallel lanes would collide on the row of a payer whose every posting is counted; that it is a
        # customer is known, and only partners of whom it is not are written.
        if self.env.context.get("rcm_posting"):
            self = self.filtered(lambda partner: not partner.sudo()[field])
        return super()._increase_rank(field, n)
