from collections import defaultdict

from odoo import api, models
from odoo.fields import Command

from .account_move import claim_core, claim_key, is_cut_of


class RcmClaimMatching(models.Model):
    """Finds the invoice of a remitted claim: by its number, then by the number without what payers lose.

    A match is never a guess. One invoice must be left, and where one number lacks the other's prefix or
    modifier, the amount charged must agree as well; several are ambiguous and go to a person.
    """

    _inherit = "rcm.claim"

    def _match(self):
        """Match claims that have no invoice yet, in one query for each way to compare."""
        waiting = self.filtered(lambda claim: not claim.invoice_id)
        waiting.match_state = False
        for field_name, normalise, basis in (
            ("rcm_claim_number", lambda number: (number or "").strip(), "exact"),
            ("rcm_claim_key", claim_key, "normalised"),
            ("rcm_claim_core", claim_core, "normalised"),
        ):
            candidates = waiting._invoices_by(field_name, normalise)
            for claim in waiting:
                found = candidates.get(normalise(claim.claim_number), self.env["account.move"])
                if field_name == "rcm_claim_core":
                    found = claim._with_cut_number(found)
                claim._take(found)
            matched = waiting.filtered("invoice_id")
            matched.write({"match_state": "matched", "match_basis": basis})
            waiting = (waiting - matched).filtered(lambda claim: not claim.match_state)
        waiting.write({"match_state": "unmatched"})

    def _invoices_by(self, field_name, normalise):
        """Return ``{normalised claim number: invoices}`` of the claims' companies."""
        numbers = {normalise(claim.claim_number) for claim in self} - {""}
        if not numbers:
            return {}
        invoices = self._search_invoices([(field_name, "in", list(numbers))], field_name)
        found = defaultdict(lambda: self.env["account.move"])
        for invoice in invoices:
            found[invoice[field_name]] += invoice
        return found

    @api.model
    def _search_invoices(self, domain, field_name):
        return self.env["account.move"].search_fetch(
            [
                ("company_id", "in", self.company_id.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                *domain,
            ],
            [field_name, "rcm_claim_number", "amount_total", "company_id"],
        )

    def _with_cut_number(self, invoices):
        """Return the invoices of the same charge whose number the payer cut or extended."""
        return invoices.filtered(
            lambda invoice: (
                is_cut_of(self.claim_number, invoice.rcm_claim_number)
                and self.currency_id.compare_amounts(abs(self.charge), invoice.amount_total) == 0
            )
        )

    def _take(self, invoices):
        if len(invoices) == 1:
            self.invoice_id = invoices
        elif invoices:
            self.write({"match_state": "ambiguous", "candidate_ids": [Command.set(invoices.ids)]})
