from odoo import api, fields, models
from odoo.tools import formatLang


class RcmServiceLine(models.Model):
    """What a payer decided on one service of a claim."""

    _name = "rcm.service.line"
    _description = "Remitted Service Line"
    _order = "claim_id, position"
    _log_access = False
    _rec_name = "code"

    claim_id = fields.Many2one("rcm.claim", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    currency_id = fields.Many2one(related="claim_id.currency_id")
    position = fields.Integer(help="Segment of the SVC in its transaction", readonly=True, aggregator=None)
    qualifier = fields.Char(help="Kind of the procedure code: HC, NU, N4, ...", readonly=True)
    code = fields.Char(string="Procedure", readonly=True)
    modifiers = fields.Char(readonly=True)
    revenue_code = fields.Char(readonly=True)
    control_number = fields.Char(help="REF*6R: our own line number", readonly=True)
    charge = fields.Monetary(help="SVC02", readonly=True)
    paid = fields.Monetary(help="SVC03", readonly=True)
    units = fields.Float(readonly=True)
    service_date = fields.Date(readonly=True)
    service_date_end = fields.Date(readonly=True)
    remarks = fields.Char(string="Remark Codes", readonly=True)
    adjustment_ids = fields.One2many("rcm.adjustment", "service_line_id", readonly=True)
    adjustment_summary = fields.Char(string="Adjustments", compute="_compute_adjustment_summary")

    @api.depends("adjustment_ids.amount")
    def _compute_adjustment_summary(self):
        for line in self:
            line.adjustment_summary = ", ".join(
                f"{part.group_code} {part.reason} "
                f"{formatLang(self.env, part.amount, currency_obj=line.currency_id)}"
                for part in line.adjustment_ids
            )
