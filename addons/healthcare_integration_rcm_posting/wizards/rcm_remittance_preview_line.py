from odoo import api, fields, models

from ..models.rcm_claim import PRIVATE
from ..posting.roles import Role


class RcmRemittancePreviewLine(models.TransientModel):
    """One journal item that posting would create."""

    _name = "rcm.remittance.preview.line"
    _description = "Remittance Preview Line"

    preview_id = fields.Many2one("rcm.remittance.preview", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="preview_id.currency_id")
    part = fields.Integer(string="Entry", aggregator=None)
    role = fields.Selection(selection="_selection_role")
    account_id = fields.Many2one("account.account")
    partner_id = fields.Many2one("res.partner", groups=PRIVATE)
    partner_label = fields.Char(string="Partner Shown", compute="_compute_partner_label")
    label = fields.Char()
    debit = fields.Monetary()
    credit = fields.Monetary()

    @api.depends("partner_id")
    def _compute_partner_label(self):
        for line in self:
            # The field is closed to those whom the label is for.
            line.partner_label = line.sudo().partner_id.sudo(False)._rcm_masked_name()

    @api.model
    def _selection_role(self):
        return [(role.value, role.label) for role in Role]

    @api.model
    def _line_values(self, part, line):
        return {
            "part": part,
            "role": line.role.value,
            "account_id": line.account,
            "partner_id": line.partner,
            "label": line.label,
            "debit": float(max(line.amount, 0)),
            "credit": float(max(-line.amount, 0)),
        }
