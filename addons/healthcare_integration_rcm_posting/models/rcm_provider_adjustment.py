from odoo import api, fields, models

from ..formats.remittance.codes import PROVIDER_ADJUSTMENTS
from .rcm_labels import labelled

UNPAIRED_CODES = (
    "remittance.provider_adjustment.takeback",
    "remittance.provider_adjustment.forward_balance_unmatched",
)


class RcmProviderAdjustment(models.Model):
    """An amount that a payer took or gave outside any claim (PLB). Positive reduces the payment."""

    _name = "rcm.provider.adjustment"
    _description = "Provider Adjustment"
    _order = "remittance_id desc, position, ordinal"
    _log_access = False
    _rec_name = "reference"

    remittance_id = fields.Many2one(
        "rcm.remittance", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    currency_id = fields.Many2one(related="remittance_id.currency_id")
    payer_id = fields.Many2one(related="remittance_id.payer_id")
    payment_date = fields.Date(related="remittance_id.payment_date")
    position = fields.Integer(help="Segment of the PLB in its transaction", readonly=True, aggregator=None)
    ordinal = fields.Integer(help="Which pair of the segment", readonly=True, aggregator=None)
    provider_identifier = fields.Char(help="PLB01", readonly=True)
    fiscal_period = fields.Date(help="PLB02", readonly=True)
    code = fields.Char(string="Reason", help="PLB03-1", readonly=True)
    code_label = fields.Char(string="Reason and Meaning", compute="_compute_code_label")
    reference = fields.Char(help="PLB03-2: claim, trace or agreement number", readonly=True)
    amount = fields.Monetary(readonly=True)
    line_ids = fields.One2many("account.move.line", "rcm_provider_adjustment_id", readonly=True)

    _ordinal_uniq = models.Constraint(
        "UNIQUE (remittance_id, position, ordinal)", "A pair of a PLB is stored once."
    )

    @api.depends("code")
    def _compute_code_label(self):
        for adjustment in self:
            adjustment.code_label = labelled(adjustment.code, PROVIDER_ADJUSTMENTS)

    def action_open_remittance(self):
        self.ensure_one()
        self.check_access("read")
        return self.remittance_id._open_form()

    def _alike(self):
        """Return the adjustments of the remittance that one exception is about."""
        return self.remittance_id.provider_adjustment_ids.filtered(
            lambda other: (other.code, other.reference) == (self.code, self.reference)
        )

    def _unpaired_exceptions(self, states):
        """Return the exceptions that say that nothing was announced, latest first."""
        remittance = self.remittance_id
        subject = f"{remittance.trace_number} {self.code} {self.reference or ''}".strip()
        return self.env["integration.exception"].search(
            [
                ("code", "in", UNPAIRED_CODES),
                ("rcm_remittance_id", "=", remittance.id),
                ("subject", "=", subject),
                ("state", "in", states),
            ],
            order="id desc",
        )
