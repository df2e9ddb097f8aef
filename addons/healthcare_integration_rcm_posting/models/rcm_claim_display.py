from odoo import api, fields, models

from odoo.addons.healthcare_integration_base.models.findings_table import findings_table

from ..formats.remittance.codes import FILING_INDICATORS
from .rcm_labels import labelled


class RcmClaimDisplay(models.Model):
    """What the screens tell of a claim beyond the facts it stores."""

    _inherit = "rcm.claim"

    payment_date = fields.Date(related="remittance_id.payment_date")
    exception_ids = fields.One2many(
        "integration.exception", "rcm_claim_id", string="Exceptions", readonly=True
    )
    findings_table = fields.Html(
        string="Findings in Detail", compute="_compute_findings_table", sanitize=False
    )
    filing_label = fields.Char(string="Kind of Plan", compute="_compute_filing_label")

    @api.depends("filing_indicator")
    def _compute_filing_label(self):
        for claim in self:
            claim.filing_label = labelled(claim.filing_indicator, FILING_INDICATORS)

    @api.depends("findings")
    def _compute_findings_table(self):
        for claim in self:
            claim.findings_table = findings_table(self.env, claim.findings)

    def action_open_remittance(self):
        self.ensure_one()
        self.check_access("read")
        return self.remittance_id._open_form()
