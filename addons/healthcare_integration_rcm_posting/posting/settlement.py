"""A claim that the payer processed: payment, allowance and transfer against the open items. Pure Python.

The receivable is credited with the payment first, then with the allowances, then with what moves to the
patient or the next payer, and never above what is open: the excess of a payment waits in unapplied
cash, the excess of anything else is not posted.
"""

from __future__ import annotations

from decimal import Decimal

from ..formats.remittance.codes import CLAIM_STATUSES
from ..formats.remittance.documents import ZERO, Claim
from .adjudication import Adjudication
from .context import PostingContext
from .issues import claim_issue
from .ledger import PARKED_KINDS, PAYER_RANK, Addressee, ClaimAccount, ItemKind, OpenItem, Target
from .plan import ClaimPlan
from .roles import Role

FORWARDED_STATUSES = frozenset(code for code in PAYER_RANK if CLAIM_STATUSES[code].forwarded)

Allowance = tuple[Role, int | None, Decimal]  # role, account, amount
Destination = tuple[ItemKind, int | None]  # what a transfer becomes, and whose


class Allocation:
    """Spreads credits over the open items of a claim, in their order."""

    __slots__ = ("items", "room", "taken")

    def __init__(self, items: list[OpenItem]):
        self.items = items
        self.taken = [ZERO] * len(items)
        self.room = sum((item.residual for item in items), ZERO)

    def take(self, amount: Decimal, destination: Destination | None = None) -> Decimal:
        """Credit up to ``amount`` to what is open and return how much it was.

        With ``destination`` the amount moves there, so what is there already is left alone.
        """
        wanted = amount
        for index, item in enumerate(self.items):
            if wanted <= 0:
                break
            if (item.kind, item.partner) != destination:
                share = min(wanted, item.residual - self.taken[index])
                self.taken[index] += share
                wanted -= share
        return amount - wanted

    def open_at(self, destination: Destination) -> Decimal:
        """Return what stays open at a destination."""
        return sum(
            (
                item.residual - taken
                for item, taken in zip(self.items, self.taken, strict=True)
                if (item.kind, item.partner) == destination
            ),
            ZERO,
        )


def park(plan: ClaimPlan, account: ClaimAccount, amount: Decimal, context: PostingContext) -> None:
    """Let money wait: received in unapplied cash, taken back in takebacks to identify."""
    if not amount:
        return
    role = Role.UNAPPLIED_CASH if amount > 0 else Role.TAKEBACK
    line = plan.add_line(role, context.account(role), context.payer, -amount)
    account.parked.append(OpenItem(line.key, line.account, line.partner, line.amount, PARKED_KINDS[role]))
    plan.parked += amount


class Settlement:
    """Plans one claim that is paid zero or more.

    ``claim`` is what was received; how much of it is paid now is the plan's.
    """

    __slots__ = ("account", "claim", "context", "decided", "plan")

    def __init__(
        self,
        plan: ClaimPlan,
        claim: Claim,
        account: ClaimAccount,
        decided: Adjudication,
        context: PostingContext,
    ):
        self.plan = plan
        self.claim = claim
        self.account = account
        self.decided = decided
        self.context = context

    def settle(self) -> None:
        """Plan the payment, the allowances and the transfer, and raise what does not fit."""
        paid = self.plan.paid
        allowances = self._allowances_due() if self.decided.allowances else []
        transfer, destination = self._transfer_due() if self.decided.transfer else (ZERO, None)
        if not (paid or allowances or transfer):
            return
        items = self.account.debits(self.context.payer, self.claim.status, self._withheld())
        if not items:
            self._raise_nothing_open(paid, _total(allowances) + transfer)
            return
        allocation = Allocation(items)
        payment, posted = _fit(paid, allowances, allocation.room)
        allocation.take(payment + _total(posted))
        moved, kept = self._move(allocation, transfer, destination)
        self._credit_items(allocation)
        self._debit_allowances(posted)
        self._debit_destination(moved, destination)
        self._wait_with_excess_payment(paid, payment)
        self._raise_excess("allowance_excess", _total(allowances), _total(posted))
        self._raise_excess("transfer_excess", transfer, moved + kept)

    def _allowances_due(self) -> list[Allowance]:
        """Leave out what earlier payers took, and negative amounts that would outweigh the payment."""
        rank = PAYER_RANK[self.claim.status]
        taken = self.account.allowance_taken(rank) - self.decided.allowed_before if rank > 1 else ZERO
        due = []
        for (role, account_id), amount in self.decided.allowances.items():
            if role is Role.ALLOWANCE and amount > 0 and taken > 0:
                again = min(taken, amount)
                taken -= again
                amount -= again
            if amount:
                due.append((role, account_id, amount))
        if self.plan.paid + _total(due) < 0:
            self._raise("negative_adjustment", _total(due))
            return []
        return due

    def _transfer_due(self) -> tuple[Decimal, Destination | None]:
        """Return how much moves to whom; the patient's own invoice keeps what the patient owes."""
        transfer = self.decided.transfer
        if self.account.addressed_to is Addressee.PATIENT:
            self.plan.patient_share = transfer
            return ZERO, None
        if self.claim.status in FORWARDED_STATUSES:
            destination, unknown = (ItemKind.NEXT_PAYER, self.account.next_payer), "next_payer_unknown"
        else:
            destination, unknown = (ItemKind.PATIENT, self.account.patient), "patient_unknown"
        if transfer < 0 or destination[1] is None:
            self._raise("negative_adjustment" if transfer < 0 else unknown, transfer)
            return ZERO, None
        return transfer, destination

    def _move(
        self, allocation: Allocation, transfer: Decimal, destination: Destination | None
    ) -> tuple[Decimal, Decimal]:
        """Return how much of a transfer moves, and how much the destination owes already."""
        if not transfer:
            return ZERO, ZERO
        moved = allocation.take(transfer, destination)
        kept = min(transfer - moved, allocation.open_at(destination))
        if destination[0] is ItemKind.PATIENT:
            self.plan.patient_share = kept
        return moved, kept

    def _withheld(self) -> frozenset[Target]:
        """Return what an identical earlier posting moved to others: a second copy must not settle it.

        Nor must a review of the posting itself.
        """
        return frozenset(
            line.id
            for prior in self.account.priors
            if not prior.reversed and prior.payer == self.context.payer and prior.repeated_by(self.claim)
            for line in prior.posted_lines()
        )

    def _credit_items(self, allocation: Allocation) -> None:
        for item, amount in zip(allocation.items, allocation.taken, strict=True):
            if amount:
                self.plan.add_line(Role.CLAIM_RECEIVABLE, item.account, item.partner, -amount, (item.id,))
                item.credit(amount)

    def _debit_allowances(self, posted: list[Allowance]) -> None:
        for role, account_id, amount in posted:
            if account_id is None:
                account_id = self.context.account(role)
            self.plan.add_line(role, account_id, self.context.payer, amount)
            self.plan.allowance += amount

    def _debit_destination(self, amount: Decimal, destination: Destination | None) -> None:
        """Open an item of the patient or next payer; a credit that a reversal left there settles it first."""
        if not amount:
            return
        kind, partner = destination
        role = Role.PAYER_RECEIVABLE if kind is ItemKind.NEXT_PAYER else Role.PATIENT_RECEIVABLE
        line = self.plan.add_line(role, self.context.account(role), partner, amount)
        item = OpenItem(line.key, line.account, partner, amount, kind)
        for credit in self.account.credits(line.account, partner):
            if item.residual:
                item.credit(credit.settle(item.residual))
                line.reconcile += (credit.id,)
        self.account.items.append(item)
        self.plan.transferred += amount

    def _wait_with_excess_payment(self, paid: Decimal, payment: Decimal) -> None:
        park(self.plan, self.account, paid - payment, self.context)
        self._raise_excess("over_credit", paid, payment)

    def _raise_nothing_open(self, paid: Decimal, unposted: Decimal) -> None:
        park(self.plan, self.account, paid, self.context)
        self._raise("nothing_open", paid or unposted, "an open item", f"0 open for {paid + unposted}")

    def _raise_excess(self, name: str, due: Decimal, fitted: Decimal) -> None:
        if fitted < due:
            self._raise(name, due - fitted, f"at most {fitted}", str(due))

    def _raise(self, name: str, amount: Decimal, expected: str = "", found: str = "") -> None:
        issue = claim_issue(name, self.claim, self.context, amount, expected, found)
        self.plan.exceptions.append(issue)


def _total(allowances: list[Allowance]) -> Decimal:
    return sum((amount for _role, _account, amount in allowances), ZERO)


def _fit(paid: Decimal, allowances: list[Allowance], room: Decimal) -> tuple[Decimal, list[Allowance]]:
    """Return the payment and the allowances as far as there is room; negative allowances make room."""
    room -= sum((amount for _role, _account, amount in allowances if amount < 0), ZERO)
    payment = min(paid, room)
    room -= payment
    posted = []
    for role, account_id, amount in allowances:
        if amount > 0:
            amount = min(amount, room)
            room -= amount
        if amount:
            posted.append((role, account_id, amount))
    return payment, posted
