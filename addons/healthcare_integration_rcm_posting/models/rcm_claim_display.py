from odoo import api, fields, models

from odoo.addons.healthcare_integration_base.models.findings_table import findings_table


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

    @api.depends("findings")
    def _compute_findings_table(self):
        for claim in self:
            claim.findings_table = findings_table(self.env, claim.findings)

    def action_open_remittance(self):
        self.ensure_one()
        return self.remittance_id._open_form()
