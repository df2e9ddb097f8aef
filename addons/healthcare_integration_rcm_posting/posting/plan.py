"""The plan of a remittance: what would be posted, reconciled and raised. Pure Python.

A plan is applied entry by entry. For each :class:`EntryPlan`, in this order:

1. unreconcile the journal items of ``unreconcile``,
2. create and post one journal entry with ``lines``,
3. reconcile each line with the targets of its ``reconcile``, pair by pair, in the order of the lines
   and of the targets: an earlier pair may leave the target partly open for a later one.

Targets are ids of journal items (int) or keys of planned lines (str) of this or an earlier entry.
Amounts are signed, debit positive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from odoo.addons.healthcare_integration_base.errors import Finding

from ..formats.remittance.documents import ZERO, Adjustment
from .errors import PlanError
from .ledger import Distribution, Target
from .roles import Role
from .rules import NO_RULE, PostingRule, Treatment


class Outcome(str, Enum):
    """What became of a claim or provider adjustment.

    :cvar POSTED: all of it is in the books
    :cvar PARTIALLY_POSTED: something of it is posted, something waits
    :cvar DENIED: the payer denied it; nothing is posted
    :cvar UNAPPLIED: its money waits in unapplied cash
    :cvar NO_EFFECT: it changes nothing
    :cvar REVIEW: nothing is posted; its adjustments wait in the review list
    :cvar HELD: a person must decide; money taken back waits in takebacks to identify
    """

    POSTED = "posted"
    PARTIALLY_POSTED = "partially_posted"
    DENIED = "denied"
    UNAPPLIED = "unapplied"
    NO_EFFECT = "no_effect"
    REVIEW = "review"
    HELD = "held"

    __hash__ = str.__hash__


@dataclass(slots=True)
class PlannedLine:
    """One journal item to create.

    :ivar key: unique in the remittance and the same whenever it is planned again
    :ivar account: account id; ``None`` when the role has no account, which holds the remittance
    :ivar label: claim number and payer control number, or the trace number; never a person's name
    :ivar position: segment of the claim or provider adjustment, 0 for the clearing line
    :ivar reference: what open items of provider adjustments pair up by
    :ivar distribution: analytic distribution; ``None`` leaves it to whoever creates the line
    """

    key: str
    role: Role
    account: int | None
    partner: int | None
    amount: Decimal
    label: str
    position: int = 0
    reference: str = ""
    reconcile: tuple[Target, ...] = ()
    distribution: Distribution | None = None


@dataclass(slots=True)
class PlannedException:
    """Something that a person must look at: one per cause, named by the finding's code and the subject."""

    finding: Finding
    subject: str
    category: str = "business"


@dataclass(slots=True)
class AdjustmentPlan:
    """What happens to one adjustment: ``treatment`` may be stricter than the rule's, as on a denied line."""

    adjustment: Adjustment
    rule: PostingRule
    treatment: Treatment
    line_position: int | None = None  # segment of the service line; None at claim level


@dataclass(slots=True)
class ClaimPlan:
    """What happens to one claim.

    :ivar paid: CLP04, the claim's share of the clearing line; zero when it was paid before
    :ivar allowance: written off, including what rules post to other accounts
    :ivar transferred: moved to the patient or the next payer
    :ivar patient_share: patient responsibility that the patient owes already, on the invoice or a line of it
    :ivar denied: stays open because the payer denied it
    :ivar parked: in unapplied cash (positive) or in takebacks to identify (negative)
    :ivar reviewed: net amount in the review list
    :ivar reverses: the posting that this claim reverses
    """

    position: int
    claim_id: str
    label: str
    account_key: str
    status: str
    paid: Decimal
    key_prefix: str = ""
    outcome: Outcome = Outcome.NO_EFFECT
    allowance: Decimal = ZERO
    transferred: Decimal = ZERO
    patient_share: Decimal = ZERO
    denied: Decimal = ZERO
    parked: Decimal = ZERO
    reviewed: Decimal = ZERO
    reverses: Target | None = None
    lines: list[PlannedLine] = field(default_factory=list)
    unreconcile: list[Target] = field(default_factory=list)
    adjustments: list[AdjustmentPlan] = field(default_factory=list)
    exceptions: list[PlannedException] = field(default_factory=list)

    def add_line(
        self,
        role: Role,
        account: int | None,
        partner: int | None,
        amount: Decimal,
        reconcile: tuple[Target, ...] = (),
    ) -> PlannedLine:
        """Append a line and return it."""
        key = f"{self.key_prefix}{self.position}.{len(self.lines) + 1}"
        line = PlannedLine(key, role, account, partner, amount, self.label, self.position, "", reconcile)
        self.lines.append(line)
        return line

    @property
    def review(self) -> list[AdjustmentPlan]:
        """The adjustments that wait for a rule or a decision."""
        return [plan for plan in self.adjustments if plan.treatment is Treatment.REVIEW]


@dataclass(slots=True)
class ProviderAdjustmentPlan:
    """What happens to one provider adjustment; ``amount`` as received, positive reduces the payment."""

    position: int
    ordinal: int
    code: str
    reference: str
    amount: Decimal
    outcome: Outcome = Outcome.POSTED
    lines: list[PlannedLine] = field(default_factory=list)
    exceptions: list[PlannedException] = field(default_factory=list)

    @property
    def paid(self) -> Decimal:
        """Its share of the clearing line."""
        return -self.amount


@dataclass(slots=True)
class ReviewTotal:
    """How much waits for one missing rule; ``position`` is the first segment that needs it."""

    group: str
    reason: str
    position: int
    count: int = 0
    amount: Decimal = ZERO

    def add(self, amount: Decimal) -> None:
        """Count one more adjustment."""
        self.count += 1
        self.amount += amount


@dataclass(slots=True)
class EntryPlan:
    """One journal entry, for a run of claims or for the provider adjustments.

    :ivar part: 1, 2, ... in the remittance
    :ivar clearing: the clearing line; ``None`` when the parts pay nothing on balance
    """

    part: int
    claims: list[ClaimPlan] = field(default_factory=list)
    provider_adjustments: list[ProviderAdjustmentPlan] = field(default_factory=list)
    clearing: PlannedLine | None = None
    unreconcile: list[Target] = field(default_factory=list)
    missing_rules: list[PlannedException] = field(default_factory=list)

    @property
    def lines(self) -> list[PlannedLine]:
        """All lines of the entry, clearing first; an entry without lines is not created."""
        lines = [] if self.clearing is None else [self.clearing]
        for plan in self.claims:
            lines += plan.lines
        for adjustment in self.provider_adjustments:
            lines += adjustment.lines
        return lines

    @property
    def cleared(self) -> Decimal:
        """What the entry puts on the clearing account, debit positive."""
        return ZERO if self.clearing is None else self.clearing.amount

    @property
    def exceptions(self) -> list[PlannedException]:
        """What the entry raises; other entries may raise the same cause."""
        return [exception for plan in self.claims for exception in plan.exceptions] + self.other_exceptions

    @property
    def other_exceptions(self) -> list[PlannedException]:
        """What the entry raises that is about no single claim."""
        raised = [exception for plan in self.provider_adjustments for exception in plan.exceptions]
        return raised + self.missing_rules

    def review_totals(self) -> list[ReviewTotal]:
        """Return what no rule covers, by group and reason code: what one new rule each would settle."""
        totals: dict[tuple[str, str], ReviewTotal] = {}
        for claim in self.claims:
            for plan in claim.review:
                if plan.rule is NO_RULE:
                    group, reason = plan.adjustment.group, plan.adjustment.reason
                    first = ReviewTotal(group, reason, plan.adjustment.position or claim.position)
                    totals.setdefault((group, reason), first).add(plan.adjustment.amount)
        return [totals[key] for key in sorted(totals)]

    def distribute(self, distributions: Mapping[int, Distribution]) -> None:
        """Give lines the analytic distribution of their account, except those that mirror posted lines."""
        if distributions:
            for line in self.lines:
                if line.distribution is None:
                    line.distribution = distributions.get(line.account)

    def verify(self) -> None:
        """Raise :class:`PlanError` unless the entry balances."""
        total = ZERO
        for line in self.lines:
            total += line.amount
        if total:
            raise PlanError(
                code="remittance.plan.entry_unbalanced",
                message="A planned journal entry does not balance",
                subject=f"part {self.part}",
                expected="0",
                found=str(total),
            )


@dataclass(slots=True)
class RemittancePlan:
    """The whole plan; with ``holds`` nothing of it may be applied."""

    entries: list[EntryPlan] = field(default_factory=list)
    holds: list[Finding] = field(default_factory=list)

    @property
    def claims(self) -> Iterator[ClaimPlan]:
        """The plans of all claims, in the order of the remittance."""
        return (claim for entry in self.entries for claim in entry.claims)

    @property
    def cleared(self) -> Decimal:
        """What the entries put on the clearing account together."""
        return sum((entry.cleared for entry in self.entries), ZERO)

    @property
    def exceptions(self) -> list[PlannedException]:
        """What the entries raise."""
        return [exception for entry in self.entries for exception in entry.exceptions]
