"""What the books hold on the claims of a remittance, kept up to date while it is planned. Pure Python.

The caller gathers it in batch from the books and hands it to the planner, which moves residuals as it
plans: a claim that comes twice, in whatever chunk, meets what its first occurrence left. Records that
exist are named by their id (int), lines that are only planned by their key (str).

For the planning of a reversal the books must be described completely: every receivable line that a
claim owns is given even when its residual is zero, and so is every line that the earlier postings of
the claim left on an account of :attr:`Role.reconcilable <.roles.Role.reconcilable>` kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from ..formats.remittance.codes import CLAIM_STATUSES
from ..formats.remittance.documents import ZERO, Claim
from .errors import PlanError
from .figures import Figures
from .roles import Role

if TYPE_CHECKING:
    from .plan import ClaimPlan, PlannedLine

Target = int | str  # the id of a journal item, or the key of a planned line
Distribution = tuple[tuple[str, float], ...]  # (analytic account ids, percentage), empty for none


class ItemKind(str, Enum):
    """What an open item of a claim is; ``REVERSAL`` is what a reversed claim left open, ``DENIED`` what a
    payer owes on a claim that it denied."""

    INVOICE = "invoice"
    PATIENT = "patient"
    NEXT_PAYER = "next_payer"
    DENIED = "denied"
    REVERSAL = "reversal"
    UNAPPLIED = "unapplied"
    TAKEBACK = "takeback"
    PROVIDER_ADJUSTMENT = "provider_adjustment"

    __hash__ = str.__hash__


#: Where money waits until a person identifies it, and what kind of open item it is there.
PARKED_KINDS = {Role.UNAPPLIED_CASH: ItemKind.UNAPPLIED, Role.TAKEBACK: ItemKind.TAKEBACK}


class MatchState(str, Enum):
    """Whether the claim was found in the books."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"


class Addressee(str, Enum):
    """Whom the invoice of the claim is addressed to."""

    PAYER = "payer"
    PATIENT = "patient"


#: The statuses of processed claims, with the place of the payer in the coordination of benefits.
PAYER_RANK = {code: status.rank for code, status in CLAIM_STATUSES.items() if status.rank}


@dataclass(slots=True, eq=False)
class OpenItem:
    """A journal item that later remittances may settle.

    :ivar residual: what is open, debit positive
    """

    id: Target
    account: int | None
    partner: int | None
    residual: Decimal
    kind: ItemKind

    def credit(self, amount: Decimal) -> None:
        """Settle ``amount`` of a debit. Raises :class:`PlanError` above what is open."""
        if amount < 0 or amount > self.residual:
            raise PlanError(
                code="remittance.plan.over_credit",
                message="A plan must not credit an open item with more than its residual",
                subject=str(self.id),
                expected=f"at most {self.residual}",
                found=str(amount),
            )
        self.residual -= amount

    def settle(self, amount: Decimal) -> Decimal:
        """Settle the signed ``amount`` as far as its sign is the opposite; return how much, >= 0."""
        if amount < 0 < self.residual:
            settled = min(-amount, self.residual)
            self.residual -= settled
        elif self.residual < 0 < amount:
            settled = min(amount, -self.residual)
            self.residual += settled
        else:
            settled = ZERO
        return settled


class PostedLine(NamedTuple):
    """A line that an earlier posting of a claim left in the books; clearing lines are not among them.

    :ivar amount: debit positive
    :ivar matched: ``(open item's id, amount > 0)`` for each reconciliation of the line
    :ivar distribution: ``None`` while the entry of a planned line is not complete
    """

    id: Target
    role: Role
    account: int | None
    partner: int | None
    amount: Decimal
    matched: tuple[tuple[Target, Decimal], ...] = ()
    distribution: Distribution | None = None


@dataclass(slots=True, eq=False)
class PriorPosting:
    """An earlier posting of a claim, with all its lines, those that a person added to resolve it included.

    A claim that left no lines (a denial) is a posting too: a reversal may follow it.

    :ivar claim: record id of the claim as posted, or the location of one that is only planned
    :ivar payer: partner id of the payer whose remittance it was
    :ivar figures: see :class:`Figures`
    :ivar plan: of a posting that is only planned; lines and figures are drawn from it and from
        ``document`` when a later claim asks for them
    """

    claim: Target
    payer: int | None
    status: str
    lines: list[PostedLine] | None = None
    figures: Figures | None = None
    payer_claim_number: str = ""
    reversed: bool = False
    plan: ClaimPlan | None = None
    document: Claim | None = None

    def posted_lines(self) -> list[PostedLine]:
        """Return the lines, clearing excepted."""
        if self.lines is None:
            self.lines = [_as_posted(line) for line in self.plan.lines]
        return self.lines

    def comparable(self) -> Figures:
        """Return the amounts of the posted claim."""
        if self.figures is None:
            self.figures = Figures.of(self.document)
        return self.figures

    def repeated_by(self, claim: Claim) -> bool:
        """Whether the claim is another copy of the posted one."""
        return self.status == claim.status and self.comparable() == Figures.of(claim)


def _as_posted(line: PlannedLine) -> PostedLine:
    matched = ()
    if line.role is Role.CLAIM_RECEIVABLE:
        matched = tuple((target, -line.amount) for target in line.reconcile)
    return PostedLine(
        line.key, line.role, line.account, line.partner, line.amount, matched, line.distribution
    )


@dataclass(slots=True, eq=False)
class ClaimAccount:
    """Everything that the books hold on one claim.

    :ivar key: identity of the claim; the same invoice must always have the same key
    :ivar patient: partner id of the patient (or guarantor)
    :ivar next_payer: partner id of the payer that a forwarded claim goes to
    :ivar items: receivable lines, in the order in which the books would settle them
    :ivar parked: lines on unapplied cash and takebacks to identify
    :ivar priors: earlier postings, oldest first
    :ivar allowance_brought_forward: contractual allowance taken before this system posted
    """

    key: str
    state: MatchState = MatchState.MATCHED
    addressed_to: Addressee = Addressee.PAYER
    patient: int | None = None
    next_payer: int | None = None
    items: list[OpenItem] = field(default_factory=list)
    parked: list[OpenItem] = field(default_factory=list)
    priors: list[PriorPosting] = field(default_factory=list)
    allowance_brought_forward: Decimal = ZERO

    def find(self, target: Target) -> OpenItem | None:
        """Return the open item of that id or key."""
        for item in (*self.items, *self.parked):
            if item.id == target:
                return item
        return None

    def debits(self, payer: int | None, status: str, withheld: frozenset[Target]) -> list[OpenItem]:
        """Return the items that a payment of ``payer`` may settle, in that order.

        The payer's own items come first, the patient's last; a later payer settles what was
        forwarded before the invoice, whatever partner it was forwarded to.
        """
        items = [item for item in self.items if item.residual > 0 and item.id not in withheld]
        if len(items) > 1:
            forwarded_first = PAYER_RANK[status] > 1
            items.sort(
                key=lambda item: (
                    item.kind is ItemKind.PATIENT,
                    item.partner != payer,
                    not (forwarded_first and item.kind is ItemKind.NEXT_PAYER),
                )
            )
        return items

    def credits(self, account: int | None, partner: int | None) -> list[OpenItem]:
        """Return what reversed claims left open as a credit of that partner."""
        return [
            item
            for item in self.items
            if item.residual < 0 and item.account == account and item.partner == partner
        ]

    def allowance_taken(self, before_rank: int) -> Decimal:
        """Return the contractual allowance that payers before ``before_rank`` took and nobody reversed."""
        taken = self.allowance_brought_forward
        for prior in self.priors:
            if not prior.reversed and PAYER_RANK.get(prior.status, before_rank) < before_rank:
                taken += sum(
                    (line.amount for line in prior.posted_lines() if line.role is Role.ALLOWANCE), ZERO
                )
        return taken


class Ledger:
    """The accounts of the claims, and the open items of provider adjustments of one payer.

    An item that two accounts share (two claims on one invoice) is one item.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, ClaimAccount] = {}
        self._items: dict[Target, OpenItem] = {}
        self._provider_items: dict[tuple[Role, str], list[OpenItem]] = {}

    def __getitem__(self, key: str) -> ClaimAccount:
        return self._accounts[key]

    def add(self, account: ClaimAccount) -> ClaimAccount:
        """Add an account; one that is already there stays, because planning has moved it."""
        known = self._accounts.setdefault(account.key, account)
        if known is account:
            shared = self._items.setdefault
            account.items = [shared(item.id, item) for item in account.items]
            account.parked = [shared(item.id, item) for item in account.parked]
        return known

    def add_provider_item(self, role: Role, reference: str, item: OpenItem) -> None:
        """Add an open item of a provider adjustment under the reference that it pairs up by."""
        self._provider_items.setdefault((role, reference), []).append(item)

    def provider_items(self, role: Role, reference: str) -> list[OpenItem]:
        """Return the open items of that role and reference, oldest first."""
        return self._provider_items.get((role, reference), [])
