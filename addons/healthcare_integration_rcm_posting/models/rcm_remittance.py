from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.healthcare_integration_base.models.integration_exception import OPEN_STATES
from odoo.addons.healthcare_integration_base.models.windows import form_window, list_window

from ..posting.roles import Role

POSTED_STATES = ("posting", "posted")


class RcmRemittance(models.Model):
    """One payment advice of a payer: one 835 transaction, one trace number, one payment or none."""

    _name = "rcm.remittance"
    _description = "Remittance"
    _inherit = ["integration.live.progress"]
    _order = "payment_date desc, id desc"
    _check_company_auto = True
    _rec_name = "trace_number"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    facility_id = fields.Many2one(
        "account.analytic.account",
        readonly=True,
        index="btree_not_null",
        check_company=True,
        help="The facility that is paid, when it is an analytic account and no company of its own",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    message_id = fields.Many2one(
        "integration.message", readonly=True, index=True, ondelete="restrict", check_company=True
    )
    system_id = fields.Many2one("integration.system", readonly=True, check_company=True)
    file_name = fields.Char(related="message_id.file_name")
    state = fields.Selection(
        [
            ("received", "Received"),
            ("held", "Held"),
            ("posting", "Posting"),
            ("posted", "Posted"),
            ("duplicate", "Duplicate"),
            ("undone", "Undone"),
            ("rejected", "Rejected"),
        ],
        required=True,
        default="received",
        readonly=True,
        index=True,
    )
    state_reason = fields.Text(readonly=True)
    generation = fields.Integer(
        default=1,
        readonly=True,
        aggregator=None,
        help="Raised by each undo, so that a new posting is told apart",
    )
    posted_claim_count = fields.Integer(readonly=True, help="Claims posted so far", aggregator=None)

    control_number = fields.Char(readonly=True, help="ST02")
    is_test = fields.Boolean(string="Test Document", readonly=True, help="ISA15 = T")
    handling = fields.Char(readonly=True, help="BPR01")
    amount = fields.Monetary(string="Payment", readonly=True, help="BPR02")
    credit_debit = fields.Char(readonly=True, help="BPR03")
    method = fields.Char(string="Payment Method", readonly=True, help="BPR04")
    payment_date = fields.Date(readonly=True, help="BPR16")
    production_date = fields.Date(readonly=True, help="DTM*405")
    accounting_date = fields.Date(readonly=True, help="The date of the journal entries")
    trace_number = fields.Char(readonly=True, index=True, help="TRN02: check number or EFT trace")
    payer_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null")
    payer_name = fields.Char(readonly=True)
    payer_identifier = fields.Char(readonly=True, help="TRN03")
    payer_supplemental = fields.Char(readonly=True, help="TRN04")
    payee_name = fields.Char(readonly=True)
    payee_identifier = fields.Char(readonly=True, help="N1*PE")

    charge_total = fields.Monetary(readonly=True, help="Sum of CLP03")
    paid_total = fields.Monetary(readonly=True, help="Sum of CLP04")
    provider_adjustment_total = fields.Monetary(readonly=True, help="Sum of PLB amounts")
    is_balanced = fields.Boolean(readonly=True)
    findings = fields.Json(readonly=True)
    identity_key = fields.Char(readonly=True, help="What makes this payment the same payment again")
    content_hash = fields.Char(readonly=True)
    original_id = fields.Many2one("rcm.remittance", readonly=True, index="btree_not_null")

    claim_ids = fields.One2many("rcm.claim", "remittance_id", readonly=True)
    claim_count = fields.Integer(readonly=True, aggregator="sum")
    provider_adjustment_ids = fields.One2many("rcm.provider.adjustment", "remittance_id", readonly=True)
    entry_ids = fields.One2many("account.move", "rcm_remittance_id", string="Journal Entries", readonly=True)
    entry_count = fields.Integer(compute="_compute_entry_count")
    clearing_total = fields.Monetary(
        compute="_compute_clearing_total", help="What the journal entries put on the clearing account"
    )
    exception_count = fields.Integer(compute="_compute_exception_count")

    # What is posted and not undone is unique; the database decides between two workers.
    _identity_uniq = models.UniqueIndex("(company_id, identity_key) WHERE state IN ('posting', 'posted')")
    _message_uniq = models.UniqueIndex("(message_id) WHERE message_id IS NOT NULL")
    _state_idx = models.Index("(company_id, state, payment_date)")

    @api.depends("trace_number", "payer_id", "payer_name")
    def _compute_display_name(self):
        for remittance in self:
            payer = remittance.payer_id.name or remittance.payer_name or ""
            remittance.display_name = f"{remittance.trace_number or '-'} {payer}".strip()

    def _integration_audit_name(self):
        return self.display_name

    @api.depends("entry_ids")
    def _compute_entry_count(self):
        counts = dict(
            self.env["account.move"]._read_group(
                [("rcm_remittance_id", "in", self.ids)], ["rcm_remittance_id"], ["__count"]
            )
        )
        for remittance in self:
            remittance.entry_count = counts.get(remittance, 0)

    @api.depends("entry_ids.line_ids.balance")
    def _compute_clearing_total(self):
        totals = dict(
            self.env["account.move.line"]._read_group(
                [
                    ("move_id.rcm_remittance_id", "in", self.ids),
                    ("rcm_role", "=", Role.CLEARING.value),
                    ("parent_state", "=", "posted"),
                    ("move_id.reversal_move_ids", "=", False),
                ],
                ["rcm_remittance_id"],
                ["balance:sum"],
            )
        )
        for remittance in self:
            remittance.clearing_total = totals.get(remittance, 0.0)

    def _compute_exception_count(self):
        exceptions = self._exceptions()
        for remittance in self:
            remittance.exception_count = len(
                exceptions.filtered(
                    lambda e, r=remittance: e.rcm_remittance_id == r or r.message_id in e.message_ids
                )
            )

    def _exceptions(self):
        """Return the exceptions of these remittances that still wait for somebody."""
        return self.env["integration.exception"].search(
            Domain("state", "in", OPEN_STATES) & self._exception_domain()
        )

    def _first_claim(self, subject):
        """Return the first of these remittances' claims that exceptions of that subject are about."""
        is_numbered = Domain("claim_number", "=", subject)
        is_unnumbered = Domain("claim_number", "in", [False, ""]) & Domain("payer_claim_number", "=", subject)
        own = Domain("remittance_id", "in", self.ids)
        return self.env["rcm.claim"].search(own & (is_numbered | is_unnumbered), order="id", limit=1)

    def _exception_domain(self):
        return Domain("rcm_remittance_id", "in", self.ids) | Domain("message_ids", "in", self.message_id.ids)

    # === NAVIGATION === #

    def action_open_claims(self):
        self.ensure_one()
        self.check_access("read")
        return list_window(self.env._("Claims"), "rcm.claim", [("remittance_id", "=", self.id)])

    def action_open_entries(self):
        self.ensure_one()
        self.check_access("read")
        entries = [("rcm_remittance_id", "=", self.id)]
        action = list_window(self.env._("Journal Entries"), "account.move", entries)
        # The list that Odoo shows otherwise is made for invoices: due dates, no journal, no state.
        return {**action, "views": [(self.env.ref("account.view_move_tree").id, "list"), (False, "form")]}

    def action_open_exceptions(self):
        self.ensure_one()
        self.check_access("read")
        domain = list(self._exception_domain())
        action = list_window(self.env._("Exceptions"), "integration.exception", domain)
        waiting = self._exceptions()
        return {**action, "view_mode": "form", "res_id": waiting.id} if len(waiting) == 1 else action

    def action_open_message(self):
        self.ensure_one()
        self.check_access("read")
        return form_window("integration.message", self.message_id.id)
