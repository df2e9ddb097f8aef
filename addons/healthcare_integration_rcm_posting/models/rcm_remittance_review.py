from odoo import models

from odoo.addons.healthcare_integration_base.queue import integration_task

from ..formats.remittance.documents import Claim
from ..posting.claims import entry_of, plan_review
from ..posting.issues import NO_RULE_CODE

REVIEW = "review"
REVIEW_KEY = "review/"


class RcmRemittanceReview(models.Model):
    """Posts what waited in the review list, once a rule covers it."""

    _inherit = "rcm.remittance"

    def _queue_review(self):
        """Queue another look at the adjustments that no rule covered, as the user of each flow."""
        for remittance in self:
            message = remittance.message_id.sudo()
            remittance.with_company(message.company_id).with_integration_task(
                identity_key=f"remittance.review:{remittance.id}",
                message=message,
                flow=message.flow_id,
                user=message.flow_id.user_id,
            )._settle_review()

    @integration_task("Post adjustments that a new rule covers")
    def _settle_review(self):
        """Post further entries with the adjustments that a rule covers now; report the others again."""
        self.ensure_one()
        # As in posting: the documents are the system's, the entries the user's.
        remittance = self.sudo().with_company(self.sudo().company_id)
        if remittance.state != "posted":
            return
        records = remittance._claims_in_review()
        entries = remittance._plan_review(records)
        remittance._forget_missing_rules()
        remittance._apply_entries(entries, records, key_prefix=REVIEW_KEY)
        # An earlier attempt may have been held.
        remittance.message_id.filtered(lambda message: message.state != "applied")._set_state("applied")

    def _claims_in_review(self):
        """Return ``{position: rcm.claim}`` of the claims with adjustments in the review list."""
        adjustments = self.env["rcm.adjustment"].search(
            [("claim_id.remittance_id", "=", self.id), ("treatment", "=", REVIEW)]
        )
        # What the payer took back is decided anew by its correction.
        claims = adjustments.claim_id.filtered(lambda claim: claim.invoice_id and not claim.is_reversed)
        return {claim.position: claim for claim in claims}

    def _forget_missing_rules(self):
        """Let the remittance count no more where a rule is missing: what still waits is reported anew."""
        unruled = self._exceptions().filtered(lambda exception: exception.code == NO_RULE_CODE)
        self.env["integration.exception.stake"]._drop(unruled, self.message_id)

    def _plan_review(self, records):
        """Return the plans of entries that settle what a rule covers now."""
        context = self._posting_context()
        claims = self.env["rcm.claim"].union(*records.values())
        accounts = claims._claim_accounts(with_own_postings=True)
        so_far = claims._posted_so_far()
        plans = []
        for document in self._documents():
            record = isinstance(document, Claim) and records.get(document.position)
            if record:
                account = accounts[record._account_key()]
                plans.append(plan_review(document, so_far[record], account, context, f"review{record.id}."))
        self._require_accounts(context)
        entries, size = [], context.policy.claims_per_entry
        for part, start in enumerate(range(0, len(plans), size), self._next_number(REVIEW_KEY)):
            entry = entry_of(plans[start : start + size], context, part)
            entry.claims = [plan for plan in entry.claims if len(plan.review) < len(plan.adjustments)]
            entries.append(entry)
        self._require_precision(entries, context)
        return entries
