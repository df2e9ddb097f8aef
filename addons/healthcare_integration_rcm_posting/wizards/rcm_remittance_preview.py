from odoo import api, fields, models
from odoo.fields import Command


class RcmRemittancePreview(models.TransientModel):
    """Shows the journal entries that posting would make, from the very plan that posting applies."""

    _name = "rcm.remittance.preview"
    _description = "Remittance Preview"

    remittance_id = fields.Many2one("rcm.remittance", required=True, readonly=True)
    currency_id = fields.Many2one(related="remittance_id.currency_id")
    hold = fields.Text(string="Holds the Remittance", readonly=True)
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
                "hold": str(error) if error else False,
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
