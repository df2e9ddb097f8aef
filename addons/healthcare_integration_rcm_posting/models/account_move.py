import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_integration_base.models.windows import list_window

_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z]")
_NOT_DIGIT = re.compile(r"\D")
MIN_CORE_LENGTH = 6
#: In the context of an undo; no context that comes over RPC can hold it.
UNDOING = object()


def claim_key(claim_number):
    """Return a claim number without case and punctuation: ``inv/2026/00012`` is ``INV202600012``."""
    return _NOT_ALPHANUMERIC.sub("", (claim_number or "").upper())


def claim_core(claim_number):
    """Return the digits of a claim number, if they are enough to look it up by, else an empty string.

    Payers drop a prefix or modifier or add one; the digits survive. See :func:`is_cut_of`.
    """
    digits = _NOT_DIGIT.sub("", claim_number or "")
    return digits if len(digits) >= MIN_CORE_LENGTH else ""


def is_cut_of(claim_number, other):
    """Tell whether two claim numbers are one, but for a prefix or modifier that only one of them has.

    ``ER-123456`` and ``OP-123456`` are two claims.
    """
    shorter, longer = sorted((claim_key(claim_number), claim_key(other)), key=len)
    return longer.startswith(shorter) or longer.endswith(shorter)


class AccountMove(models.Model):
    _inherit = "account.move"

    rcm_remittance_id = fields.Many2one(
        "rcm.remittance",
        string="Remittance",
        readonly=True,
        copy=False,
        index="btree_not_null",
        check_company=True,
    )
    rcm_entry_key = fields.Char(
        readonly=True, copy=False, help="Remittance, generation and part of the entry"
    )
    rcm_claim_number = fields.Char(
        string="Claim Number",
        compute="_compute_rcm_claim_number",
        store=True,
        readonly=False,
        copy=False,
        help="The number under which the claim was sent to the payer (CLM01)",
    )
    rcm_claim_key = fields.Char(compute="_compute_rcm_claim_key", store=True)
    rcm_claim_core = fields.Char(compute="_compute_rcm_claim_key", store=True)
    rcm_patient_id = fields.Many2one(
        "res.partner",
        string="Patient",
        copy=True,
        help="Who owes what the payer leaves; the customer when empty",
    )
    rcm_claim_status = fields.Selection(
        [
            ("paid", "Paid"),
            ("partial", "Paid in part"),
            ("patient", "Patient owes"),
            ("forwarded", "Next payer owes"),
            ("denied", "Denied"),
            ("reversed", "Reversed"),
            ("review", "To review"),
        ],
        string="Claim Status",
        readonly=True,
        copy=False,
    )
    rcm_claim_count = fields.Integer(compute="_compute_rcm_claim_count")

    _rcm_entry_uniq = models.UniqueIndex("(rcm_entry_key) WHERE rcm_entry_key IS NOT NULL")
    _rcm_claim_number_idx = models.Index("(company_id, rcm_claim_number) WHERE move_type = 'out_invoice'")
    _rcm_claim_key_idx = models.Index("(company_id, rcm_claim_key) WHERE move_type = 'out_invoice'")
    _rcm_claim_core_idx = models.Index("(company_id, rcm_claim_core) WHERE move_type = 'out_invoice'")

    @api.depends("name", "move_type", "state")
    def _compute_rcm_claim_number(self):
        for move in self:
            if move.move_type == "out_invoice" and move.state == "posted" and not move.rcm_claim_number:
                move.rcm_claim_number = move.name
            else:
                move.rcm_claim_number = move.rcm_claim_number

    @api.depends("rcm_claim_number")
    def _compute_rcm_claim_key(self):
        for move in self:
            move.rcm_claim_key = claim_key(move.rcm_claim_number) or False
            move.rcm_claim_core = claim_core(move.rcm_claim_number) or False

    def _compute_rcm_claim_count(self):
        counts = dict(
            self.env["rcm.claim"]._read_group([("invoice_id", "in", self.ids)], ["invoice_id"], ["__count"])
        )
        for move in self:
            move.rcm_claim_count = counts.get(move, 0)

    # === ENTRIES OF REMITTANCES === #

    def button_draft(self):
        self._check_undone_as_remittance()
        return super().button_draft()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        if self.env.context.get("rcm_undo") is not UNDOING:
            self._check_undone_as_remittance()
        return super()._reverse_moves(default_values_list, cancel)

    def _check_undone_as_remittance(self):
        """A single entry must not leave its remittance half-posted.

        :raise UserError: for an entry of a remittance
        """
        for move in self.filtered("rcm_remittance_id"):
            if move.reversed_entry_id:
                raise UserError(
                    self.env._(
                        "%(entry)s undoes the remittance %(remittance)s: post the remittance again instead.",
                        entry=move.name,
                        remittance=move.rcm_remittance_id.display_name,
                    )
                )
            raise UserError(
                self.env._(
                    "%(entry)s belongs to the remittance %(remittance)s: undo the remittance instead.",
                    entry=move.name,
                    remittance=move.rcm_remittance_id.display_name,
                )
            )

    # === EXPORT === #

    def _holds_texts_of_partners(self):
        return super()._holds_texts_of_partners() or bool(self.rcm_remittance_id)

    def _patient_of_partner(self):
        """Return the customer when that is the patient: whoever is no payer."""
        return self.partner_id.filtered(lambda partner: not partner.rcm_is_payer)

    def action_open_rcm_claims(self):
        self.ensure_one()
        self.check_access("read")
        return list_window(self.env._("Remitted Claims"), "rcm.claim", [("invoice_id", "=", self.id)])
