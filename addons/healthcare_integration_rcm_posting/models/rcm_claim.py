from odoo import api, fields, models

from odoo.addons.healthcare_integration_base.models.windows import form_window

from ..formats.remittance.codes import CLAIM_STATUSES

PRIVATE = "healthcare_integration_base.group_phi"


class RcmClaim(models.Model):
    """What a payer decided on one claim, in one remittance."""

    _name = "rcm.claim"
    _description = "Remitted Claim"
    _order = "remittance_id desc, position"
    _check_company_auto = True
    _rec_name = "claim_number"
    _log_access = False

    remittance_id = fields.Many2one(
        "rcm.remittance", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    currency_id = fields.Many2one(related="remittance_id.currency_id")
    payer_id = fields.Many2one(related="remittance_id.payer_id")
    facility_id = fields.Many2one(related="remittance_id.facility_id")
    position = fields.Integer(help="Segment of the CLP in its transaction", readonly=True, aggregator=None)
    claim_number = fields.Char(help="CLP01", readonly=True, index=True)
    status = fields.Char(help="CLP02", readonly=True)
    status_label = fields.Char(string="Payer's Status", compute="_compute_status_label")
    charge = fields.Monetary(help="CLP03", readonly=True)
    paid = fields.Monetary(help="CLP04", readonly=True)
    patient_responsibility = fields.Monetary(help="CLP05, informative", readonly=True)
    adjusted = fields.Monetary(help="Sum of all adjustments", readonly=True)
    filing_indicator = fields.Char(help="CLP06", readonly=True)
    payer_claim_number = fields.Char(help="CLP07", readonly=True)
    facility_type = fields.Char(help="CLP08", readonly=True)
    frequency = fields.Char(help="CLP09", readonly=True)
    patient_name = fields.Char(readonly=True, groups=PRIVATE)
    patient_identifier = fields.Char(readonly=True, groups=PRIVATE)
    subscriber_identifier = fields.Char(readonly=True, groups=PRIVATE)
    rendering_provider = fields.Char(readonly=True)
    crossover_payer_name = fields.Char(readonly=True)
    crossover_payer_identifier = fields.Char(readonly=True)
    statement_from = fields.Date(readonly=True)
    statement_to = fields.Date(readonly=True)
    remarks = fields.Char(string="Remark Codes", readonly=True)
    findings = fields.Json(readonly=True)

    invoice_id = fields.Many2one(
        "account.move", index="btree_not_null", readonly=True, check_company=True, ondelete="restrict"
    )
    match_state = fields.Selection(
        [("matched", "Matched"), ("unmatched", "No invoice"), ("ambiguous", "Several invoices")],
        readonly=True,
    )
    match_basis = fields.Selection(
        [("exact", "Claim number"), ("normalised", "Normalised claim number"), ("manual", "By hand")],
        readonly=True,
    )
    candidate_ids = fields.Many2many("account.move", string="Candidates", readonly=True)
    outcome = fields.Selection(
        [
            ("posted", "Posted"),
            ("partially_posted", "Posted in part"),
            ("denied", "Denied"),
            ("unapplied", "Unapplied"),
            ("review", "To review"),
            ("no_effect", "No effect"),
            ("held", "Held"),
        ],
        readonly=True,
        index=True,
    )
    has_exceptions = fields.Boolean(
        readonly=True, help="Whether its posting left something to a person besides what waits for a rule"
    )
    invoice_status = fields.Char(readonly=True, help="The claim status that the invoice got from it")
    entry_id = fields.Many2one("account.move", string="Journal Entry", readonly=True, index="btree_not_null")
    reversal_of_id = fields.Many2one("rcm.claim", readonly=True, index="btree_not_null")
    is_reversed = fields.Boolean(readonly=True)
    service_line_ids = fields.One2many("rcm.service.line", "claim_id", readonly=True)
    adjustment_ids = fields.One2many("rcm.adjustment", "claim_id", readonly=True)
    line_ids = fields.One2many("account.move.line", "rcm_claim_id", string="Journal Items", readonly=True)

    _position_uniq = models.Constraint(
        "UNIQUE (remittance_id, position)", "A remittance holds a claim once per loop."
    )

    @api.depends("status")
    def _compute_status_label(self):
        for claim in self:
            known = CLAIM_STATUSES.get(claim.status)
            claim.status_label = f"{claim.status} {known.label}" if known else claim.status

    def _note_reversal(self, target, records):
        """Note which posting this claim took back.

        :param target: id of the reversed claim, or the position of one of the same remittance
        """
        original = self.browse(target) if isinstance(target, int) else records[int(target)]
        self.reversal_of_id = original
        original.is_reversed = True

    @api.model
    def _update_status_of(self, invoices):
        """Give invoices the claim status of the latest claim that is posted, none without one.

        The latest is the one paid last, of one day the one received last: a file that was late, held or
        posted further since tells nothing newer.
        """
        posted = self.search(
            [("invoice_id", "in", invoices.ids), ("invoice_status", "!=", False)], order="id"
        ).sorted(lambda claim: claim.remittance_id.payment_date)
        latest = {claim.invoice_id: claim.invoice_status for claim in posted}
        for status, alike in invoices.grouped(lambda invoice: latest.get(invoice, False)).items():
            alike.rcm_claim_status = status

    def action_open_invoice(self):
        self.ensure_one()
        self.check_access("read")
        return form_window("account.move", self.invoice_id.id)
