"""A claim with status 22: the negation of what was posted before. Pure Python.

Only a reversal that mirrors a posting, every amount of every level negated, takes that posting back;
what it takes back are the posting's own lines, as they are in the books. Any other reversal moves
nothing but its payment, which waits in takebacks to identify.
"""

from __future__ import annotations

from decimal import Decimal

from ..formats.remittance.documents import ZERO, Claim
from .context import PostingContext
from .figures import Figures
from .issues import claim_issue
from .ledger import PARKED_KINDS, ClaimAccount, ItemKind, OpenItem, PostedLine, PriorPosting, Target
from .plan import ClaimPlan, Outcome
from .roles import Role
from .settlement import park

REVERSAL_STATUS = "22"

_ITEM_ROLES = frozenset(
    {Role.PATIENT_RECEIVABLE, Role.PAYER_RECEIVABLE, Role.DENIED_RECEIVABLE, *PARKED_KINDS}
)


def plan_reversal(plan: ClaimPlan, claim: Claim, account: ClaimAccount, context: PostingContext) -> None:
    """Take back the posting that the claim mirrors, or let its payment wait with the difference shown."""
    candidates = [
        prior
        for prior in account.priors
        if prior.status != REVERSAL_STATUS and prior.payer in (None, context.payer)
    ]
    original = _mirrored(candidates, claim)
    if original is None:
        _hold(plan, claim, account, candidates, context)
        return
    plan.reverses = original.claim
    original.reversed = True
    for lines in _by_account(original).values():
        _take_back(plan, claim, account, lines, context)
    plan.outcome = Outcome.POSTED if plan.lines else Outcome.NO_EFFECT


def _mirrored(candidates: list[PriorPosting], claim: Claim) -> PriorPosting | None:
    """Return the latest posting that the claim negates; the payer's own claim number decides among equals."""
    if not candidates:
        return None
    wanted = Figures.of(claim).negated()
    mirrored = [prior for prior in candidates if not prior.reversed and prior.comparable() == wanted]
    same_number = [p for p in mirrored if p.payer_claim_number == claim.payer_claim_number]
    return next(reversed(same_number or mirrored), None)


def _hold(
    plan: ClaimPlan,
    claim: Claim,
    account: ClaimAccount,
    candidates: list[PriorPosting],
    context: PostingContext,
) -> None:
    park(plan, account, claim.paid, context)
    plan.outcome = Outcome.UNAPPLIED if claim.paid > 0 else Outcome.HELD
    figures = Figures.of(claim)
    standing = [prior for prior in candidates if not prior.reversed]
    if standing:
        name = "reversal_not_mirrored"
        expected, found = standing[-1].comparable().negated().differences(figures)
    elif any(prior.comparable().negated() == figures for prior in candidates):
        name, expected, found = "reversal_repeated", "a posting that stands", "a posting that is reversed"
    else:
        name, expected, found = "reversal_unknown", "an earlier posting", "none"
    plan.exceptions.append(claim_issue(name, claim, context, claim.paid, expected, found))


def _by_account(original: PriorPosting) -> dict[tuple, list[PostedLine]]:
    """Group the lines whose balances make up one amount to take back."""
    groups: dict[tuple, list[PostedLine]] = {}
    for line in original.posted_lines():
        groups.setdefault((line.role, line.account, line.partner, line.distribution), []).append(line)
    return groups


def _take_back(
    plan: ClaimPlan, claim: Claim, account: ClaimAccount, lines: list[PostedLine], context: PostingContext
) -> None:
    amount = -sum((line.amount for line in lines), ZERO)
    if not amount:
        return
    role = lines[0].role
    if role is Role.CLAIM_RECEIVABLE:
        _reopen(plan, account, lines, amount)
    elif role in _ITEM_ROLES:
        _close(plan, claim, account, lines, amount, context)
    else:
        taken_back = plan.add_line(role, lines[0].account, lines[0].partner, amount)
        taken_back.distribution = lines[0].distribution
        plan.allowance += amount


def _reopen(plan: ClaimPlan, account: ClaimAccount, lines: list[PostedLine], amount: Decimal) -> None:
    """Free what the posting had settled, and settle its lines with the line that takes them back."""
    for line in lines:
        if line.matched:
            plan.unreconcile.append(line.id)
        for target, matched in line.matched:
            item = account.find(target)
            if item is not None:
                item.residual += matched
    targets = tuple(line.id for line in lines)
    plan.add_line(Role.CLAIM_RECEIVABLE, lines[0].account, lines[0].partner, amount, targets)


def _close(
    plan: ClaimPlan,
    claim: Claim,
    account: ClaimAccount,
    lines: list[PostedLine],
    amount: Decimal,
    context: PostingContext,
) -> None:
    """Settle the items that the posting opened; what others settled since leaves a credit open."""
    role, rest, targets = lines[0].role, amount, []
    for line in lines:
        item = account.find(line.id)
        settled = item.settle(rest) if item is not None else ZERO
        if settled:
            rest += settled if rest < 0 else -settled
            targets.append(line.id)
    taken_back = plan.add_line(role, lines[0].account, lines[0].partner, amount, tuple(targets))
    _note(plan, role, amount)
    if rest:
        _leave_open(account, taken_back.key, taken_back.account, taken_back.partner, rest, role)
        plan.exceptions.append(claim_issue("credit_left_open", claim, context, abs(rest), severity="warning"))


def _note(plan: ClaimPlan, role: Role, amount: Decimal) -> None:
    if role in PARKED_KINDS:
        plan.parked -= amount
    else:
        plan.transferred += amount


def _leave_open(
    account: ClaimAccount, key: Target, account_id: int | None, partner: int | None, rest: Decimal, role: Role
) -> None:
    kind = PARKED_KINDS.get(role, ItemKind.REVERSAL)
    items = account.parked if role in PARKED_KINDS else account.items
    items.append(OpenItem(key, account_id, partner, rest, kind))
