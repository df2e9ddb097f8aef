from collections import defaultdict

from odoo import models
from odoo.tools import groupby

from odoo.addons.healthcare_integration_base.models.integration_exception_report import Report

from ..posting.issues import NO_RULE_CODE
from ..posting.settlement import FORWARDED_STATUSES

CLAIM_STATUS_OF_OUTCOME = {
    "posted": "paid",
    "partially_posted": "partial",
    "denied": "denied",
    "review": "review",
    "held": "review",
}


class RcmRemittanceOutcome(models.Model):
    """Notes on claims, adjustments and invoices what became of them, and reports what posting raises."""

    _inherit = "rcm.remittance"

    def _settle_claims(self, entry, records, lines_by_key):
        """Note on claims, adjustments and invoices what became of them."""
        claims = self.env["rcm.claim"]
        for outcome, plans in groupby(entry.claims, lambda plan: plan.outcome.value):
            claims.union(*(records[plan.position] for plan in plans)).outcome = outcome
        raising = (records[plan.position] for plan in entry.claims if plan.exceptions)
        claims.union(*raising).has_exceptions = True
        if posted := [plan for plan in entry.claims if plan.lines]:
            # All lines of an entry plan are in one entry.
            move = lines_by_key[posted[0].lines[0].key].move_id
            claims.union(*(records[plan.position] for plan in posted)).entry_id = move
        for plan in entry.claims:
            if plan.reverses is not None:
                records[plan.position]._note_reversal(plan.reverses, records)
        self._store_treatments(entry, records)
        self._log_on_invoices(entry, records)
        self._store_invoice_statuses(entry, records)

    def _store_invoice_statuses(self, entry, records):
        """Note what each claim made of its invoice; of several claims on one the latest decides."""
        claims = self.env["rcm.claim"]
        for status, plans in groupby(entry.claims, self._invoice_status):
            claims.union(*(records[plan.position] for plan in plans)).invoice_status = status
        settled = claims.union(*(records[plan.position] for plan in entry.claims))
        claims._update_status_of(settled.invoice_id)

    @staticmethod
    def _invoice_status(plan):
        if plan.reverses is not None:
            return "reversed"
        if plan.outcome.value in ("posted", "no_effect") and plan.patient_share > 0:
            return "patient"
        if plan.outcome.value == "posted" and plan.transferred:
            return "forwarded" if plan.status in FORWARDED_STATUSES else "patient"
        return CLAIM_STATUS_OF_OUTCOME.get(plan.outcome.value)

    def _log_on_invoices(self, entry, records):
        """Leave one note per invoice of what each claim did to it, for all invoices at once."""
        outcomes = dict(self.env["rcm.claim"]._fields["outcome"]._description_selection(self.env))
        results = defaultdict(list)
        for plan in entry.claims:
            if invoice := records[plan.position].invoice_id:
                results[invoice.id].append(
                    self.env._(
                        "%(outcome)s, paid %(amount)s",
                        outcome=outcomes[plan.outcome.value].lower(),
                        amount=self.currency_id.format(float(plan.paid)),
                    )
                )
        name = self.display_name
        notes = {
            invoice_id: self.env._(
                "Remittance %(remittance)s: %(results)s", remittance=name, results="; ".join(texts)
            )
            for invoice_id, texts in results.items()
        }
        self.env["account.move"].browse(notes)._message_log_batch(notes)

    def _store_treatments(self, entry, records):
        rows = [
            (
                records[plan.position].id,
                part.adjustment.position,
                part.adjustment.group,
                part.adjustment.reason,
                part.treatment.value,
            )
            for plan in entry.claims
            for part in plan.adjustments
        ]
        self.env["rcm.adjustment"]._store_treatments(rows)

    def _report_exceptions(self, entries, records):
        """Report what entries raise, all at once: workers that meet the same causes never block each other.

        An exception leads to where its cause was met first; those that join it write nothing to it.
        """
        no_claim = self.env["rcm.claim"]
        raised = [
            (planned, records[plan.position])
            for entry in entries
            for plan in entry.claims
            for planned in plan.exceptions
        ] + [(planned, no_claim) for entry in entries for planned in entry.other_exceptions]
        exceptions = self.env["integration.exception"]
        found = exceptions._report_each([self._report_of(planned) for planned, _claim in raised])
        claim_of = {}
        for exception, (_planned, claim) in zip(found, raised, strict=True):
            claim_of.setdefault(exception, claim)
        for exception in exceptions.union(*found).filtered(lambda known: not known.rcm_remittance_id):
            exception.write({"rcm_remittance_id": self.id, "rcm_claim_id": claim_of[exception].id})

    def _report_of(self, planned):
        return Report(
            planned.finding,
            company=self.company_id,
            message=self.message_id,
            record=self,
            subject=self._exception_subject(planned),
            category=planned.category,
        )

    def _exception_subject(self, planned):
        """Return what identifies the cause to a person: a missing rule goes by the payer's name."""
        if planned.finding.code == NO_RULE_CODE:
            _payer, group_and_reason = planned.subject.split(" ", 1)
            return f"{self.payer_id.name} {group_and_reason}"
        return planned.subject
