"""The plan of one claim: every row of the accounting table that concerns claims. Pure Python.

Whatever the claim is, its lines sum up to minus its payment, so that the clearing account of the
remittance always nets to the amount paid: money that cannot be posted waits in unapplied cash or in
takebacks to identify.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from odoo.addons.healthcare_integration_base.errors import Finding

from ..formats.remittance import balance
from ..formats.remittance.documents import ZERO, Claim
from .adjudication import Adjudication, AdjustmentKey, adjudicate
from .context import PostingContext
from .denials import reclass_denied
from .errors import PlanError
from .issues import claim_issue, review_issue
from .ledger import PAYER_RANK, Addressee, ClaimAccount, MatchState, OpenItem, PriorPosting
from .plan import ClaimPlan, EntryPlan, Outcome
from .reversals import REVERSAL_STATUS, plan_reversal
from .roles import Role
from .settlement import FORWARDED_STATUSES, Settlement, park

NOT_RECOGNISED_STATUS = "4"
#: 23: not our claim, forwarded to another payer; 25: predetermination of benefits.
STATUSES_WITHOUT_EFFECT = frozenset({"23", "25"})


@dataclass(slots=True)
class PostedSoFar:
    """What became of a claim until now.

    :ivar waiting: the adjustments in the review list
    :ivar allowed: contractual allowance that was decided already
    :ivar transferred: patient responsibility that the patient or the next payer owes already
    :ivar denied: what was denied already
    :ivar has_exceptions: whether anything else of the claim was left to a person
    """

    outcome: Outcome
    waiting: Collection[AdjustmentKey]
    allowed: Decimal = ZERO
    transferred: Decimal = ZERO
    denied: Decimal = ZERO
    has_exceptions: bool = False


def plan_claim(
    claim: Claim, account: ClaimAccount, context: PostingContext, key_prefix: str = ""
) -> ClaimPlan:
    """Return what happens to a claim, and move the residuals of its account accordingly.

    Raises :class:`PlanError` when the plan would break a rule of the books.
    """
    plan = _new_plan(claim, account, key_prefix)
    if any(_is_imbalance(finding) for finding in claim.findings):
        _hold(plan, "unbalanced", claim, account, context)
    elif claim.status == REVERSAL_STATUS:
        plan_reversal(plan, claim, account, context)
    elif claim.status in STATUSES_WITHOUT_EFFECT:
        _plan_without_effect(plan, claim, account, context)
    elif account.state is not MatchState.MATCHED:
        _hold(plan, account.state.value, claim, account, context)
    elif claim.paid < 0:
        _hold(plan, "negative_payment", claim, account, context)
    elif claim.status == NOT_RECOGNISED_STATUS:
        _plan_not_recognised(plan, claim, account, context)
    elif claim.status in PAYER_RANK:
        _plan_processed(plan, claim, account, context)
    else:
        _hold(plan, "status_not_posted", claim, account, context, found=f"status {claim.status}")
    _verify(plan)
    if claim.status != REVERSAL_STATUS:
        account.priors.append(_posting(plan, claim, context))
    return plan


def plan_resolution(
    claim: Claim, account: ClaimAccount, waiting: OpenItem | None, context: PostingContext, key_prefix: str
) -> EntryPlan:
    """Return the entry that posts a claim that waited, now that its account is known.

    ``waiting`` is the line on unapplied cash or takebacks that the claim left, ``None`` when it was paid
    nothing; it takes the place of clearing. ``key_prefix`` keeps the keys apart from those of the
    remittance's own plan. Raises :class:`PlanError` when the money is not there any more, or when the
    claim would only wait again.
    """
    available = ZERO if waiting is None else waiting.residual
    if available != -claim.paid:
        raise PlanError(
            code="remittance.plan.waiting_amount",
            message="What waits of the claim's money is not what the claim was paid",
            subject=claim.claim_id,
            expected=str(-claim.paid),
            found=str(available),
            remedy="Find what used the money since, and post the rest by hand",
        )
    plan = plan_claim(claim, account, context, key_prefix)
    if waiting is not None:
        _spend(plan, waiting)
    return entry_of([plan], context)


def plan_review(
    claim: Claim,
    since: PostedSoFar,
    account: ClaimAccount,
    context: PostingContext,
    key_prefix: str,
) -> ClaimPlan:
    """Return what happens to the adjustments of a posted claim that waited for a rule; it is not paid again.

    The earlier postings of ``account`` include the claim's own: what it moved to the patient or the next
    payer is not open to it. Raises :class:`PlanError` when the plan would break a rule of the books.
    """
    plan = _new_plan(claim, account, key_prefix)
    plan.paid = ZERO
    decided = adjudicate(claim, context, only=since.waiting)
    decided.allowed_before = since.allowed
    _settle(plan, claim, account, decided, context)
    if decided.denied > 0:
        # The exception of the claim carries all that is denied of it.
        _raise_denial(plan, claim, adjudicate(claim, context), context)
    plan.outcome = _outcome_since(since, plan, decided)
    if account.addressed_to is Addressee.PAYER and claim.status in FORWARDED_STATUSES:
        plan.transferred += since.transferred
    else:
        plan.patient_share += since.transferred
    plan.denied += since.denied
    reclass_denied(plan, account, context)
    _verify(plan)
    account.priors.append(_posting(plan, claim, context))
    return plan


def _outcome_since(since: PostedSoFar, plan: ClaimPlan, decided: Adjudication) -> Outcome:
    if since.outcome is Outcome.REVIEW:
        return _outcome(plan, decided)
    if since.outcome is not Outcome.PARTIALLY_POSTED:
        return Outcome.PARTIALLY_POSTED if plan.lines else since.outcome
    incomplete = since.has_exceptions or plan.exceptions or plan.review
    return Outcome.PARTIALLY_POSTED if incomplete else Outcome.POSTED


def entry_of(plans: list[ClaimPlan], context: PostingContext, part: int = 1) -> EntryPlan:
    """Return the entry of claims that are posted apart from their remittance, without a clearing line."""
    entry = EntryPlan(part, claims=plans, unreconcile=[item for plan in plans for item in plan.unreconcile])
    complete(entry, context)
    return entry


def complete(entry: EntryPlan, context: PostingContext) -> None:
    """Name the rules that are missing, and give the lines their distribution.

    Raises :class:`PlanError` unless the entry balances.
    """
    entry.missing_rules = [review_issue(total, context) for total in entry.review_totals()]
    entry.distribute(context.distributions)
    entry.verify()


def _spend(plan: ClaimPlan, waiting: OpenItem) -> None:
    """Take the money from where it waited."""
    if plan.parked == plan.paid:
        raise PlanError(
            code="remittance.plan.unresolved",
            message="With this match the money of the claim would only wait again",
            subject=plan.claim_id,
            findings=tuple(exception.finding for exception in plan.exceptions),
        )
    role = Role.UNAPPLIED_CASH if waiting.residual < 0 else Role.TAKEBACK
    plan.add_line(role, waiting.account, waiting.partner, plan.paid, (waiting.id,))
    plan.parked -= plan.paid
    waiting.residual = ZERO


def _new_plan(claim: Claim, account: ClaimAccount, key_prefix: str) -> ClaimPlan:
    label = " / ".join(filter(None, (claim.claim_id, claim.payer_claim_number)))
    return ClaimPlan(claim.position, claim.claim_id, label, account.key, claim.status, claim.paid, key_prefix)


def _is_imbalance(finding: Finding) -> bool:
    return finding.code in (balance.CLAIM, balance.SERVICE)


def _hold(
    plan: ClaimPlan, name: str, claim: Claim, account: ClaimAccount, context: PostingContext, found: str = ""
) -> None:
    """Post nothing but the money, and let that wait."""
    park(plan, account, claim.paid, context)
    plan.outcome = Outcome.UNAPPLIED if claim.paid > 0 else Outcome.HELD
    plan.exceptions.append(claim_issue(name, claim, context, claim.paid or claim.charge, found=found))


def _plan_without_effect(
    plan: ClaimPlan, claim: Claim, account: ClaimAccount, context: PostingContext
) -> None:
    if claim.paid:
        _hold(plan, "payment_without_effect", claim, account, context, found=f"status {claim.status}")


def _plan_not_recognised(
    plan: ClaimPlan, claim: Claim, account: ClaimAccount, context: PostingContext
) -> None:
    if claim.paid:
        _hold(plan, "payment_without_effect", claim, account, context, found=f"status {claim.status}")
        return
    plan.denied = claim.charge
    plan.outcome = Outcome.DENIED
    plan.exceptions.append(
        claim_issue("denied", claim, context, claim.charge, found="status 4, patient not recognised")
    )
    reclass_denied(plan, account, context)


def _plan_processed(plan: ClaimPlan, claim: Claim, account: ClaimAccount, context: PostingContext) -> None:
    decided = adjudicate(claim, context)
    _settle(plan, claim, account, decided, context)
    _raise_denial(plan, claim, decided, context)
    plan.outcome = _outcome(plan, decided)
    reclass_denied(plan, account, context)


def _settle(
    plan: ClaimPlan, claim: Claim, account: ClaimAccount, decided: Adjudication, context: PostingContext
) -> None:
    plan.adjustments = decided.adjustments
    plan.reviewed = decided.reviewed
    plan.denied = decided.denied
    Settlement(plan, claim, account, decided, context).settle()


def _raise_denial(plan: ClaimPlan, claim: Claim, decided: Adjudication, context: PostingContext) -> None:
    if decided.denied > 0:
        name = "line_denied" if plan.lines or claim.paid else "denied"
        codes = ", ".join(decided.denied_codes)
        plan.exceptions.append(claim_issue(name, claim, context, decided.denied, found=codes))


def _outcome(plan: ClaimPlan, decided: Adjudication) -> Outcome:
    applied = plan.paid - plan.parked or plan.allowance or plan.transferred
    if not applied and plan.parked:
        return Outcome.UNAPPLIED
    in_review = any(True for _plan in plan.review)
    if applied:
        return Outcome.PARTIALLY_POSTED if plan.exceptions or in_review else Outcome.POSTED
    if decided.denied > 0:
        return Outcome.DENIED
    if in_review:
        return Outcome.REVIEW
    return Outcome.HELD if plan.exceptions else Outcome.NO_EFFECT


def _verify(plan: ClaimPlan) -> None:
    total = plan.paid
    for line in plan.lines:
        total += line.amount
    if total:
        raise PlanError(
            code="remittance.plan.claim_unbalanced",
            message="The planned lines of a claim do not sum up to its payment",
            subject=plan.claim_id,
            expected=str(-plan.paid),
            found=str(total - plan.paid),
        )


def _posting(plan: ClaimPlan, claim: Claim, context: PostingContext) -> PriorPosting:
    """Return the plan as what later claims of the remittance meet as already posted."""
    return PriorPosting(
        claim=f"{plan.key_prefix}{plan.position}",
        payer=context.payer,
        status=claim.status,
        payer_claim_number=claim.payer_claim_number,
        plan=plan,
        document=claim,
    )
