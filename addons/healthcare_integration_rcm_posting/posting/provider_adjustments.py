"""The plan of the provider adjustments (PLB) of a remittance. Pure Python.

A negative amount increases the payment, a positive one reduces it: each is posted against clearing on
the account that its rule names. Two kinds pair up across remittances: an overpayment that the payer
announces (WO negative) with its collection (WO positive) by the reference of the claim, and a balance
carried forward (FB negative) with its application (FB positive) by the trace number of the remittance
that carried it. They pair up in whatever order they come: what was taken before it was announced waits as
a takeback to identify, and the announcement gives it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ..formats.remittance.documents import ProviderAdjustment
from .context import PostingContext
from .issues import provider_issue
from .ledger import ItemKind, Ledger, OpenItem, Target
from .plan import Outcome, PlannedLine, ProviderAdjustmentPlan
from .roles import Need, Role
from .rules import ProviderAdjustmentRule, Sign

#: Where a positive amount waits for which nothing was announced, by the role of the announcement.
_EARLY_ROLES = {Role.PAYER_REFUND: Role.TAKEBACK, Role.FORWARD_BALANCE: Role.FORWARD_BALANCE}
#: Roles whose lines pair up by reference.
PAIRED_ROLES = frozenset({*_EARLY_ROLES, *_EARLY_ROLES.values()})


def plan_provider_adjustments(
    adjustments: Iterable[ProviderAdjustment], ledger: Ledger, context: PostingContext
) -> list[ProviderAdjustmentPlan]:
    """Return what happens to each provider adjustment, in the order given.

    What is announced and collected in the same remittance pairs up whatever its order.
    """
    given = [adjustment for adjustment in adjustments if adjustment.amount]
    plans = {}
    for adjustment in sorted(given, key=lambda adjustment: adjustment.amount > 0):
        plans[adjustment.position, adjustment.ordinal] = _plan(adjustment, ledger, context)
    return [plans[adjustment.position, adjustment.ordinal] for adjustment in given]


def pairing_reference(role: Role, adjustment: ProviderAdjustment, trace_number: str) -> str:
    """Return the reference that an adjustment pairs up by: the caller gathers open items under it.

    A balance carried forward is known by the trace number of its remittance, whatever the payer
    gives as its reference.
    """
    if role is Role.FORWARD_BALANCE and adjustment.amount < 0:
        return normalised_reference(trace_number)
    return normalised_reference(adjustment.reference)


def normalised_reference(reference: str) -> str:
    """Return a reference without case and blanks, as payers repeat it."""
    return "".join(reference.split()).upper()


def needs_of(adjustment: ProviderAdjustment, context: PostingContext) -> set[Need]:
    """Return what an adjustment can be posted to, whatever is open."""
    rule = _rule(adjustment, context)
    needs: set[Need] = {(rule.role, rule.account)}
    if rule.role in _EARLY_ROLES and adjustment.amount > 0:
        needs.add((_EARLY_ROLES[rule.role], None))
    return needs


def _rule(adjustment: ProviderAdjustment, context: PostingContext) -> ProviderAdjustmentRule:
    sign = Sign.NEGATIVE if adjustment.amount < 0 else Sign.POSITIVE
    return context.provider_rules.resolve(context.payer, adjustment.code, sign, context.payment_date)


def _plan(adjustment: ProviderAdjustment, ledger: Ledger, context: PostingContext) -> ProviderAdjustmentPlan:
    rule = _rule(adjustment, context)
    planned = _Planned(adjustment, ledger, context, rule.role, rule.account)
    if rule.role not in _EARLY_ROLES:
        planned.post()
    elif adjustment.amount > 0:
        planned.collect()
    else:
        planned.announce()
    return planned.plan


class _Planned:
    """The plan of one provider adjustment while it is made."""

    __slots__ = ("_account", "_adjustment", "_context", "_ledger", "_reference", "_role", "plan")

    def __init__(
        self,
        adjustment: ProviderAdjustment,
        ledger: Ledger,
        context: PostingContext,
        role: Role,
        account: int | None,
    ):
        self._adjustment = adjustment
        self._ledger = ledger
        self._context = context
        self._role = role
        self._account = account
        self._reference = pairing_reference(role, adjustment, context.trace_number)
        self.plan = ProviderAdjustmentPlan(
            adjustment.position, adjustment.ordinal, adjustment.code, adjustment.reference, adjustment.amount
        )

    def post(self) -> None:
        """Post the whole amount."""
        line = self._add_line(self._role, self._account, self._adjustment.amount)
        if self._role is Role.PROVIDER_ADJUSTMENT_REVIEW:
            self.plan.outcome = Outcome.REVIEW
            self._raise("to_identify", line.amount, "a posting rule for the code and sign")

    def announce(self) -> None:
        """Give back what was taken before it was announced; the rest is an open item to collect later."""
        rest = self._settle(_EARLY_ROLES[self._role])
        if rest:
            line = self._add_line(self._role, self._account, rest)
            item = OpenItem(line.key, line.account, line.partner, line.amount, ItemKind.PROVIDER_ADJUSTMENT)
            self._ledger.add_provider_item(self._role, self._reference, item)

    def collect(self) -> None:
        """Settle what was announced or carried forward; the rest waits for a person."""
        rest = self._settle(self._role)
        if rest:
            self._wait(rest)

    def _settle(self, role: Role) -> Decimal:
        """Settle open items of the opposite sign and the same reference, oldest first; return the rest."""
        rest = self._adjustment.amount
        items = self._ledger.provider_items(role, self._reference) if self._reference else []
        for item in items:
            settled = item.settle(rest).copy_sign(rest)
            if settled:
                rest -= settled
                self._add_line(role, item.account, settled, item.partner, (item.id,))
        return rest

    def _wait(self, rest: Decimal) -> None:
        announced = self._adjustment.amount - rest
        self.plan.outcome = Outcome.PARTIALLY_POSTED if announced else Outcome.HELD
        if self._role is Role.FORWARD_BALANCE:
            self._add_line(self._role, self._account, rest)
            self._raise("forward_balance_unmatched", rest, f"{announced} carried forward")
        else:
            self._add_line(Role.TAKEBACK, None, rest)
            self._raise("takeback", rest, f"{announced} announced")

    def _add_line(
        self,
        role: Role,
        account: int | None,
        amount: Decimal,
        partner: int | None = None,
        reconcile: tuple[Target, ...] = (),
    ) -> PlannedLine:
        adjustment, context = self._adjustment, self._context
        line = PlannedLine(
            key=f"{adjustment.position}.{adjustment.ordinal}.{len(self.plan.lines) + 1}",
            role=role,
            account=context.account(role) if account is None else account,
            partner=context.payer if partner is None else partner,
            amount=amount,
            label=f"{context.trace_number} / {adjustment.code} {adjustment.reference}".strip(),
            position=adjustment.position,
            reference=self._reference,
            reconcile=reconcile,
        )
        self.plan.lines.append(line)
        return line

    def _raise(self, name: str, amount: Decimal, expected: str) -> None:
        found = f"{self._adjustment.code} {self._adjustment.amount}"
        issue = provider_issue(name, self._adjustment, self._context, amount, expected, found)
        self.plan.exceptions.append(issue)
