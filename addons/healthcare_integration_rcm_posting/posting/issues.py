"""The exceptions that planning raises: stable codes, and what a biller does about each. Pure Python."""

from __future__ import annotations

from decimal import Decimal

from odoo.addons.healthcare_integration_base.errors import Finding

from ..formats.remittance.documents import Claim, ProviderAdjustment
from .context import PostingContext
from .plan import PlannedException, ReviewTotal

NO_RULE_CODE = "remittance.adjustment.no_rule"

_CLAIM_TEXTS = {
    "denied": (
        "The payer denied the claim; nothing of it is paid or written off, the amount stays open",
        "Correct and resubmit the claim, appeal, or write the amount off by a decision of your own",
    ),
    "line_denied": (
        "The payer denied part of the claim; that amount stays open on the invoice",
        "Correct and resubmit the service, appeal, or write the amount off by a decision of your own",
    ),
    "unmatched": (
        "No invoice was found for the claim",
        "Match the claim to its invoice; the money that waits is then applied to it",
    ),
    "ambiguous": (
        "More than one invoice fits the claim",
        "Choose the invoice; the money that waits is then applied to it",
    ),
    "nothing_open": (
        "Nothing is open on the claim any more; a payment waits in unapplied cash",
        "Find out whether the payer paid twice or somebody else paid, then refund or reassign the amount",
    ),
    "over_credit": (
        "The payment exceeds what is open on the claim; the excess waits in unapplied cash",
        "Find out who paid before, then refund or reassign the excess",
    ),
    "allowance_excess": (
        "The contractual allowance exceeds what is open on the claim; the excess was not posted",
        "Compare the invoice with the claim and with what was posted before",
    ),
    "transfer_excess": (
        "The patient responsibility exceeds what is open on the claim; the excess was not posted",
        "Compare with what the patient has paid already, then correct the invoice if need be",
    ),
    "patient_unknown": (
        "The claim's patient has no account here; the patient responsibility stays on the payer's invoice",
        "Set the patient on the invoice and transfer the amount",
    ),
    "next_payer_unknown": (
        "The payer forwarded the claim, but the next payer is unknown here; the amount stays on the invoice",
        "Set the next payer of the claim and transfer the amount",
    ),
    "negative_payment": (
        "A claim that is no reversal takes money back; it waits in takebacks to identify",
        "Ask the payer for the claim that is meant, then apply the takeback to it",
    ),
    "negative_adjustment": (
        "A negative adjustment outweighs the payment and was not posted",
        "Decide what the payer means and post it by hand",
    ),
    "payment_without_effect": (
        "A claim with a status that has no accounting effect carries a payment; the money waits",
        "Ask the payer what the payment is for, then apply it",
    ),
    "status_not_posted": (
        "Nothing is posted for a claim of this status; any money of it waits",
        "Ask the payer what became of the claim, then apply the payment",
    ),
    "unbalanced": (
        "The claim does not balance; its money waits",
        "Ask the payer for a correct remittance, then apply the payment",
    ),
    "reversal_unknown": (
        "A reversal of a claim that was never posted here; the money taken back waits to be identified",
        "Find the posting that is reversed (before this system posted, or under another number)",
    ),
    "reversal_not_mirrored": (
        "A reversal does not negate any posting of the claim; the money taken back waits to be identified",
        "Compare the reversal with the posting, then apply it by hand or ask the payer",
    ),
    "reversal_repeated": (
        "The posting that this reversal negates is reversed already; the money waits to be identified",
        "Ask the payer whether the claim was taken back twice",
    ),
    "credit_left_open": (
        "What the reversal takes back had been paid by somebody else; a credit stays open",
        "Apply the credit to the correction of the claim, or refund it",
    ),
}

_PROVIDER_TEXTS = {
    "to_identify": (
        "No posting rule covers the provider adjustment; it waits on the account to identify",
        "Add a posting rule for the code, or clear the amount by hand",
    ),
    "takeback": (
        "The payer collects an overpayment that it never announced; it waits in takebacks to identify",
        "Find the claim by the reference and apply the takeback to it, or dispute it",
    ),
    "forward_balance_unmatched": (
        "The payer applies a balance that no earlier remittance carried forward",
        "Find the remittance with that trace number, or dispute the amount",
    ),
}


def claim_issue(
    name: str,
    claim: Claim,
    context: PostingContext,
    amount: Decimal,
    expected: str = "",
    found: str = "",
    severity: str = "error",
) -> PlannedException:
    """Return the exception ``remittance.claim.<name>`` with the claim number as its subject, the payer's
    number when the claim has none."""
    message, remedy = _CLAIM_TEXTS[name]
    finding = Finding(
        code=f"remittance.claim.{name}",
        message=message,
        location=context.location(claim.position, "CLP"),
        expected=expected,
        found=found,
        remedy=remedy,
        severity=severity,
        amount=amount,
    )
    return PlannedException(finding, claim.claim_id or claim.payer_claim_number)


def provider_issue(
    name: str,
    adjustment: ProviderAdjustment,
    context: PostingContext,
    amount: Decimal,
    expected: str = "",
    found: str = "",
) -> PlannedException:
    """Return the exception ``remittance.provider_adjustment.<name>``.

    Its subject is the trace number with code and reference of the adjustment.
    """
    message, remedy = _PROVIDER_TEXTS[name]
    finding = Finding(
        code=f"remittance.provider_adjustment.{name}",
        message=message,
        location=context.location(adjustment.position, f"PLB, pair {adjustment.ordinal}"),
        expected=expected,
        found=found,
        remedy=remedy,
        amount=amount,
    )
    return PlannedException(
        finding, f"{context.trace_number} {adjustment.code} {adjustment.reference}".strip()
    )


def review_issue(total: ReviewTotal, context: PostingContext) -> PlannedException:
    """Return the exception of a missing rule: one for all adjustments with that group and reason code."""
    finding = Finding(
        code=NO_RULE_CODE,
        message="No posting rule covers the group and reason code; the adjustments were not posted",
        location=context.location(total.position, "CAS"),
        expected="a posting rule for the group and reason code",
        found=f"{total.group} {total.reason} ({'once' if total.count == 1 else f'{total.count} times'})",
        remedy="Add a posting rule, then resolve this exception; or settle the claims by hand",
        amount=total.amount,
    )
    return PlannedException(finding, f"{context.payer} {total.group} {total.reason}", category="mapping")
