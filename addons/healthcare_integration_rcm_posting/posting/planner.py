"""The plan of a whole remittance, in journal entries of a limited number of claims. Pure Python.

Use :func:`plan_remittance` for a remittance whose claims and accounts are all at hand. One from the
books is planned and applied in steps with :class:`RemittancePlanner`: the entries come out as soon as
they are complete, and a later step (another task, after a crash) goes on from the part that is next
with a ledger gathered anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ..formats.remittance.documents import ZERO, Claim, RemittanceHeader, RemittanceSummary
from .checks import account_missing, header_holds, summary_holds
from .claims import complete, plan_claim
from .context import PostingContext
from .errors import PlanError
from .ledger import ClaimAccount, Ledger, Target
from .plan import ClaimPlan, EntryPlan, PlannedLine, ProviderAdjustmentPlan, RemittancePlan
from .provider_adjustments import plan_provider_adjustments
from .roles import Role

AssignedClaim = tuple[Claim, ClaimAccount]


def plan_remittance(
    header: RemittanceHeader,
    claims: Iterable[AssignedClaim],
    summary: RemittanceSummary,
    ledger: Ledger,
    context: PostingContext,
    test_endpoint: bool = False,
) -> RemittancePlan:
    """Return the plan of a remittance; with holds in the documents it has no entries.

    A role without account holds the remittance too, but the entries show where it is needed.
    """
    holds = header_holds(header, test_endpoint) + summary_holds(header, summary, context.policy)
    if holds:
        return RemittancePlan(holds=holds)
    planner = RemittancePlanner(header, ledger, context)
    entries = planner.add(claims) + planner.finish(summary)
    missing = [account_missing(role, context.control_number) for role in sorted(context.missing_roles)]
    return RemittancePlan(entries, missing)


class RemittancePlanner:
    """Cuts a remittance into entries: claims in the order given, then one for the provider adjustments.

    :param first_part: number of the first entry, when earlier ones are in the books already
    :param cleared: what those put on the clearing account
    """

    def __init__(
        self,
        header: RemittanceHeader,
        ledger: Ledger,
        context: PostingContext,
        first_part: int = 1,
        cleared: Decimal = ZERO,
    ):
        self._amount = header.amount
        self._ledger = ledger
        self._context = context
        self._part = first_part
        self._cleared = cleared
        self._claims: list[ClaimPlan] = []

    def add(self, claims: Iterable[AssignedClaim]) -> list[EntryPlan]:
        """Plan claims, in chunks of any size; return the entries that became complete.

        The accounts must be those of the ledger: a claim that comes again must meet the same account.
        """
        entries = []
        size = self._context.policy.claims_per_entry
        for claim, account in claims:
            plan = plan_claim(claim, self._ledger.add(account), self._context)
            self._claims.append(plan)
            if len(self._claims) == size:
                entries.append(self._close(self._claims, []))
        return entries

    def flush(self) -> list[EntryPlan]:
        """Close the entry that is not full yet, as the last of a step; return it, if there is one."""
        return [self._close(self._claims, [])] if self._claims else []

    def finish(self, summary: RemittanceSummary) -> list[EntryPlan]:
        """Return the last entries. Raises :class:`PlanError` unless clearing nets to the amount paid."""
        entries = self.flush()
        adjustments = plan_provider_adjustments(summary.provider_adjustments, self._ledger, self._context)
        if adjustments:
            entries.append(self._close([], adjustments))
        if self._cleared != self._amount:
            raise PlanError(
                code="remittance.plan.control",
                message="The clearing account would not net to the amount of the payment",
                subject=self._context.trace_number,
                expected=f"BPR02 {self._amount}",
                found=str(self._cleared),
            )
        return entries

    def _close(self, claims: list[ClaimPlan], adjustments: list[ProviderAdjustmentPlan]) -> EntryPlan:
        entry = EntryPlan(self._part, claims, adjustments)
        paid = sum((plan.paid for plan in (*claims, *adjustments)), ZERO)
        if paid:
            entry.clearing = self._clearing_line(paid)
        for plan in claims:
            if plan.unreconcile:
                _release(entry, plan.unreconcile)
        complete(entry, self._context)
        self._cleared += paid
        self._part += 1
        self._claims = []
        return entry

    def _clearing_line(self, paid: Decimal) -> PlannedLine:
        context = self._context
        return PlannedLine(
            key=f"clearing.{self._part}",
            role=Role.CLEARING,
            account=context.account(Role.CLEARING),
            partner=context.payer,
            amount=paid,
            label=f"{context.trace_number}, part {self._part}",
            reference=context.trace_number,
        )


def _release(entry: EntryPlan, targets: list[Target]) -> None:
    """Unreconcile journal items; lines of the same entry are simply not reconciled in the first place."""
    own = {line.key: line for plan in entry.claims for line in plan.lines}
    for target in targets:
        if target in own:
            own[target].reconcile = ()
        else:
            entry.unreconcile.append(target)
