from odoo import api, fields, models

from odoo.addons.healthcare_integration_base.models.findings_table import findings_table
from odoo.addons.healthcare_integration_base.models.windows import form_window

from ..formats.remittance.codes import HANDLING_CODES, PAYMENT_METHODS
from .rcm_labels import labelled


class RcmRemittanceDisplay(models.Model):
    """What the screens tell of a remittance beyond the facts it stores."""

    _inherit = "rcm.remittance"

    payer_label = fields.Char(
        string="Payer or Its Name",
        compute="_compute_payer_label",
        help="The payer; its name in the file while it is unknown here",
    )
    method_label = fields.Char(string="Paid By", compute="_compute_code_labels")
    handling_label = fields.Char(string="Kind of Remittance", compute="_compute_code_labels")
    findings_table = fields.Html(
        string="Findings in Detail", compute="_compute_findings_table", sanitize=False
    )

    @api.depends("payer_id", "payer_name")
    def _compute_payer_label(self):
        for remittance in self:
            remittance.payer_label = remittance.payer_id.name or remittance.payer_name

    @api.depends("method", "handling")
    def _compute_code_labels(self):
        for remittance in self:
            remittance.method_label = labelled(remittance.method, PAYMENT_METHODS)
            remittance.handling_label = labelled(remittance.handling, HANDLING_CODES)

    @api.depends("findings")
    def _compute_findings_table(self):
        for remittance in self:
            remittance.findings_table = findings_table(self.env, remittance.findings)

    def _open_form(self):
        return form_window("rcm.remittance", self.id)
