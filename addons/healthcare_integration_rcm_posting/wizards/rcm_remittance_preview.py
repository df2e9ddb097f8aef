from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.healthcare_integration_base.errors import IntegrationError
from odoo.addons.healthcare_integration_base.models.findings_table import findings_table

from ..models.rcm_remittance_actions import POSTABLE_STATES


class RcmRemittancePreview(models.TransientModel):
    """Shows the journal entries that posting would make, from the very plan that posting applies."""

    _name = "rcm.remittance.preview"
    _description = "Remittance Preview"

    remittance_id = fields.Many2one("rcm.remittance", required=True, readonly=True)
    currency_id = fields.Many2one(related="remittance_id.currency_id")
    is_postable = fields.Boolean(compute="_compute_is_postable")
    hold = fields.Text(string="Holds the Remittance", readonly=True)
    hold_location = fields.Text(string="Where", readonly=True)
    hold_expected = fields.Text(string="Expected", readonly=True)
    hold_found = fields.Text(string="Found", readonly=True)
    hold_remedy = fields.Text(string="What to Do", readonly=True)
    hold_findings = fields.Html(string="In Detail", readonly=True, sanitize=False)
    line_ids = fields.One2many("rcm.remittance.preview.line", "preview_id", readonly=True)
    notes = fields.Text(string="Exceptions It Would Raise", readonly=True)

    @api.model
    def _of(self, remittance):
        """Return the preview of a remittance."""
        entries, error = remittance._preview_plan()
        # Who may not see the partners may still look at the rest.
        preview = self.sudo().create(
            {
                "remittance_id": remittance.id,
                **self._hold_values(error),
                "notes": "\n".join(
                    f"{planned.subject}: {planned.finding.message}"
                    for entry in entries
                    for planned in entry.exceptions
                ),
                "line_ids": [
                    Command.create(self.env["rcm.remittance.preview.line"]._line_values(entry.part, line))
                    for entry in entries
                    for line in entry.lines
                ],
            }
        )
        return preview.with_env(self.env)

    @api.model
    def _hold_values(self, error):
        """Return the fields that tell a person what holds the remittance.

        :param error: an IntegrationError, a text, or None
        """
        if not isinstance(error, IntegrationError):
            return {"hold": error}
        findings = [finding.as_dict() for finding in error.findings]
        return {
            "hold": error.message,
            "hold_location": error.location,
            "hold_expected": error.expected,
            "hold_found": error.found,
            "hold_remedy": error.remedy,
            # A single finding is the hold itself.
            "hold_findings": findings_table(self.env, findings if len(findings) > 1 else ()),
        }

    @api.depends("hold", "remittance_id.state")
    def _compute_is_postable(self):
        for preview in self:
            preview.is_postable = not preview.hold and preview.remittance_id.state in POSTABLE_STATES

    def action_post(self):
        """Queue the posting of the remittance that is shown."""
        self.ensure_one()
        self.remittance_id.action_post()
        return {"type": "ir.actions.act_window_close"}
