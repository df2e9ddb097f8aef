from collections import defaultdict
from decimal import Decimal

from odoo import models

from ..posting.claims import PostedSoFar
from ..posting.figures import Figures
from ..posting.ledger import (
    PARKED_KINDS,
    Addressee,
    ClaimAccount,
    ItemKind,
    MatchState,
    OpenItem,
    PostedLine,
    PriorPosting,
)
from ..posting.plan import Outcome
from ..posting.roles import Role
from ..posting.rules import Treatment
from .rcm_remittance import POSTED_STATES

_KIND_OF_ROLE = {
    Role.PATIENT_RECEIVABLE.value: ItemKind.PATIENT,
    Role.PAYER_RECEIVABLE.value: ItemKind.NEXT_PAYER,
    Role.DENIED_RECEIVABLE.value: ItemKind.DENIED,
    Role.CLAIM_RECEIVABLE.value: ItemKind.REVERSAL,
}


def as_decimal(value, currency):
    """Return a stored amount as an exact decimal of the currency's precision."""
    return Decimal(f"{value:.{currency.decimal_places}f}")


class RcmClaimAccount(models.Model):
    """Gathers, for many claims at once, what the books hold on each: the input of planning."""

    _inherit = "rcm.claim"

    def _account_key(self):
        """Return what claims of one account have in common: the invoice, else payer and claim number."""
        self.ensure_one()
        if self.invoice_id:
            return f"invoice:{self.invoice_id.id}"
        return f"claim:{self.company_id.id}:{self.payer_id.id}:{(self.claim_number or '').strip().upper()}"

    def _claim_accounts(self, with_own_postings=False):
        """Return ``{account key: ClaimAccount}`` of matched and unmatched claims, in a few queries.

        :param with_own_postings: whether what was posted of these claims counts among the earlier postings
        """
        priors = self._prior_claims(self.browse() if with_own_postings else self)
        lines = self._lines_of_books(priors)
        by_invoice, by_claim = self._group_lines(lines)
        next_payers = self._next_payers()
        priors_by_key = priors.grouped(lambda claim: claim._account_key())
        accounts = {}
        for claim in self:
            key = claim._account_key()
            if key not in accounts:
                own_priors = priors_by_key.get(key, self.browse()).sorted("id")
                accounts[key] = claim._build_account(key, own_priors, by_invoice, by_claim)
                accounts[key].next_payer = next_payers.get(key)
        return accounts

    # === WHAT IS READ === #

    def _prior_claims(self, excluded):
        """Return the claims that remittances posted on the same accounts."""
        unmatched = self.filtered(lambda claim: not claim.invoice_id)
        posted = [
            ("id", "not in", excluded.ids),
            ("outcome", "!=", False),
            ("remittance_id.state", "in", POSTED_STATES),
        ]
        priors = (
            self.search([("invoice_id", "in", self.invoice_id.ids), *posted])
            if self.invoice_id
            else self.browse()
        )
        if unmatched:
            priors |= self.search(
                [
                    ("company_id", "in", unmatched.company_id.ids),
                    ("claim_number", "in", unmatched.mapped("claim_number")),
                    ("invoice_id", "=", False),
                    *posted,
                ]
            )
        return priors

    def _lines_of_books(self, priors):
        """Return the receivable lines of the claims' invoices, and all lines that the priors posted."""
        invoices = self.invoice_id.ids
        return self.env["account.move.line"].search_fetch(
            [
                ("parent_state", "=", "posted"),
                "|",
                "|",
                "&",
                ("move_id", "in", invoices),
                ("account_type", "=", "asset_receivable"),
                ("rcm_invoice_id", "in", invoices),
                ("rcm_claim_id", "in", priors.ids),
            ],
            [
                "move_id",
                "account_id",
                "partner_id",
                "balance",
                "amount_residual",
                "rcm_role",
                "rcm_claim_id",
                "rcm_invoice_id",
                "account_type",
                "analytic_distribution",
                "company_currency_id",
            ],
            order="date_maturity, id",
        )

    @staticmethod
    def _group_lines(lines):
        by_invoice, by_claim = defaultdict(list), defaultdict(list)
        for line in lines:
            if line.account_type == "asset_receivable":
                by_invoice[line.rcm_invoice_id.id or line.move_id.id].append(line)
            # What was undone and posted again has lines of both times.
            undone = line.rcm_claim_id and line.move_id.reversal_move_ids
            if line.rcm_claim_id and line.rcm_role != Role.CLEARING.value and not undone:
                by_claim[line.rcm_claim_id.id].append(line)
        return by_invoice, by_claim

    # === WHAT IS BUILT === #

    def _build_account(self, key, priors, by_invoice, by_claim):
        invoice = self.invoice_id
        return ClaimAccount(
            key=key,
            state=MatchState(self.match_state or "unmatched"),
            addressed_to=Addressee.PAYER if invoice.partner_id.rcm_is_payer else Addressee.PATIENT,
            patient=(invoice.rcm_patient_id or invoice._patient_of_partner()).id or None,
            items=[item for line in by_invoice.get(invoice.id, ()) if (item := self._open_item(line))],
            parked=[
                self._as_item(line, PARKED_KINDS[line.rcm_role])
                for prior in priors
                for line in by_claim.get(prior.id, ())
                if line.rcm_role in PARKED_KINDS
            ],
            priors=[prior._prior_posting(by_claim.get(prior.id, ())) for prior in priors],
        )

    def _open_item(self, line):
        """Return a receivable line as an open item; the credits of payments are no items of their own."""
        if line.move_id == self.invoice_id:
            return self._as_item(line, ItemKind.INVOICE)
        kind = _KIND_OF_ROLE.get(line.rcm_role)
        if kind is ItemKind.REVERSAL and line.balance < 0:
            return None
        return self._as_item(line, kind) if kind else None

    @staticmethod
    def _as_item(line, kind):
        return OpenItem(
            id=line.id,
            account=line.account_id.id,
            partner=line.partner_id.id or None,
            residual=as_decimal(line.amount_residual, line.company_currency_id),
            kind=kind,
        )

    def _next_payers(self):
        """Return ``{account key: partner id}`` of the payers that forwarded claims go to, as far as the
        sending systems' references tell; a reversal before its correction names none."""
        payers = {}
        for remittance, claims in (
            self.filtered("crossover_payer_identifier").grouped("remittance_id").items()
        ):
            known = remittance._known_payers(claims.mapped("crossover_payer_identifier"))
            for claim in claims:
                if payer := known.get(claim.crossover_payer_identifier.strip()):
                    payers.setdefault(claim._account_key(), payer.id)
        return payers

    # === WHAT BECAME OF THEM === #

    def _posted_so_far(self):
        """Return ``{claim: PostedSoFar}``, for the review of what waits for a rule."""
        so_far = {}
        for claim in self:
            by_treatment = claim.adjustment_ids.grouped("treatment")
            nothing = claim.adjustment_ids.browse()
            so_far[claim] = PostedSoFar(
                outcome=Outcome(claim.outcome),
                waiting={
                    (adjustment.position, adjustment.group_code or "", adjustment.reason or "")
                    for adjustment in by_treatment.get(Treatment.REVIEW.value, nothing)
                },
                allowed=claim._total_of(by_treatment.get(Treatment.ALLOWANCE.value, nothing)),
                transferred=claim._total_of(by_treatment.get(Treatment.TRANSFER.value, nothing)),
                denied=claim._total_of(by_treatment.get(Treatment.DENIAL.value, nothing)),
                has_exceptions=claim.has_exceptions,
            )
        return so_far

    def _total_of(self, adjustments):
        amounts = (as_decimal(adjustment.amount, self.currency_id) for adjustment in adjustments)
        return sum(amounts, Decimal(0))

    # === EARLIER POSTINGS === #

    def _prior_posting(self, lines):
        return PriorPosting(
            claim=self.id,
            payer=self.payer_id.id or None,
            status=self.status,
            lines=[self._posted_line(line) for line in lines],
            figures=self._figures(),
            payer_claim_number=self.payer_claim_number or "",
            reversed=self.is_reversed,
        )

    @staticmethod
    def _posted_line(line):
        currency = line.company_currency_id
        matched = [
            (partial.debit_move_id.id, as_decimal(partial.amount, currency))
            for partial in line.matched_debit_ids
        ] + [
            (partial.credit_move_id.id, as_decimal(partial.amount, currency))
            for partial in line.matched_credit_ids
        ]
        return PostedLine(
            id=line.id,
            role=Role(line.rcm_role),
            account=line.account_id.id,
            partner=line.partner_id.id or None,
            amount=as_decimal(line.balance, currency),
            matched=tuple(matched),
            distribution=tuple(sorted((line.analytic_distribution or {}).items())),
        )

    def _figures(self):
        """Return the stored amounts in the form in which a reversal is compared with them."""
        currency = self.currency_id

        def adjustments_of(records):
            return [(a.group_code or "", a.reason or "", as_decimal(a.amount, currency)) for a in records]

        return Figures.build(
            as_decimal(self.charge, currency),
            as_decimal(self.paid, currency),
            adjustments_of(self.adjustment_ids.filtered(lambda adjustment: not adjustment.service_line_id)),
            [
                (
                    as_decimal(line.charge, currency),
                    as_decimal(line.paid, currency),
                    adjustments_of(line.adjustment_ids),
                )
                for line in self.service_line_ids
            ],
        )
