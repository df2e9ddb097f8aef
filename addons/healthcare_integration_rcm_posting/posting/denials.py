"""Where a denied claim waits. Pure Python.

A denial posts nothing and leaves the invoice open, unless the company's policy keeps what payers denied
apart from what they have not decided yet: then the open amount of a claim that is denied as a whole moves
to a receivable of its own. It stays the payer's debt; whatever the payer decides later meets it there.
"""

from __future__ import annotations

from ..formats.remittance.documents import ZERO
from .context import PostingContext
from .ledger import ClaimAccount, ItemKind, OpenItem
from .plan import ClaimPlan, Outcome
from .roles import Role

_UNDECIDED_KINDS = frozenset({ItemKind.INVOICE, ItemKind.NEXT_PAYER, ItemKind.REVERSAL})


def reclass_denied(plan: ClaimPlan, account: ClaimAccount, context: PostingContext) -> None:
    """Move what the payer itself owes on a claim that it denied as a whole, where the policy says so."""
    if not context.policy.reclass_denied or not _denied_as_a_whole(plan):
        return
    moved = ZERO
    for item in account.items:
        if item.kind in _UNDECIDED_KINDS and item.partner == context.payer:
            amount = min(plan.denied - moved, item.residual)
            if amount > 0:
                plan.add_line(Role.CLAIM_RECEIVABLE, item.account, item.partner, -amount, (item.id,))
                item.credit(amount)
                moved += amount
    if moved:
        role = Role.DENIED_RECEIVABLE
        line = plan.add_line(role, context.account(role), context.payer, moved)
        account.items.append(OpenItem(line.key, line.account, line.partner, moved, ItemKind.DENIED))


def _denied_as_a_whole(plan: ClaimPlan) -> bool:
    """Not so when adjustments wait for a rule."""
    return plan.outcome is Outcome.DENIED and not plan.review
