from odoo import api, fields, models

from .findings_table import findings_table


class IntegrationExceptionFindings(models.Model):
    """The details of an exception that sums up several findings."""

    _inherit = "integration.exception"

    findings_table = fields.Html("Findings in detail", compute="_compute_findings_table", sanitize=False)

    @api.depends("detail")
    def _compute_findings_table(self):
        for exception in self:
            exception.findings_table = findings_table(self.env, exception.detail)
