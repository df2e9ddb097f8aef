from markupsafe import Markup

from odoo import api, fields, models

COLUMNS = ("location", "message", "expected", "found")


class IntegrationExceptionFindings(models.Model):
    """The findings of a document as a table that a person can check against the file."""

    _inherit = "integration.exception"

    findings = fields.Html("Findings in detail", compute="_compute_findings", sanitize=False)

    @api.depends("detail")
    def _compute_findings(self):
        titles = (self.env._("Where"), self.env._("What"), self.env._("Expected"), self.env._("Found"))
        head = Markup("").join(Markup("<th>%s</th>") % title for title in titles)
        for exception in self:
            rows = Markup("").join(map(self._findings_row, exception.detail or []))
            exception.findings = rows and (
                Markup("<table class='table table-sm'><thead><tr>%s</tr></thead><tbody>%s</tbody></table>")
                % (head, rows)
            )

    @api.model
    def _findings_row(self, finding):
        cells = (Markup("<td>%s</td>") % finding.get(name, "") for name in COLUMNS)
        return Markup("<tr>%s</tr>") % Markup("").join(cells)
