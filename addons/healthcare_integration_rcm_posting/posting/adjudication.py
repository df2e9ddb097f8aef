"""What the payer decided on a claim, sorted by what it means in the books. Pure Python.

A claim or service line is denied as a whole when it is paid nothing and carries a denial: then its
other adjustments wait with it, because whatever corrects the denial will adjudicate them again.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from ..formats.remittance.documents import ZERO, Adjustment, Claim
from .context import PostingContext
from .plan import AdjustmentPlan
from .roles import Role
from .rules import PostingRule, Treatment

AdjustmentKey = tuple[int, str, str]  # position, group, reason

_KEPT_WHEN_DENIED = (Treatment.NO_EFFECT, Treatment.REVIEW)


@dataclass(slots=True)
class Adjudication:
    """The adjustments of a claim by treatment; amounts as received, positive reduces the payment.

    :ivar allowances: amounts to debit, by role and the rule's account
    :ivar denied_codes: group and reason of the denials, each once
    :ivar only: the adjustments that count, all when ``None``
    :ivar allowed_before: contractual allowance that was posted of those that do not count
    """

    allowances: dict[tuple[Role, int | None], Decimal] = field(default_factory=dict)
    transfer: Decimal = ZERO
    denied: Decimal = ZERO
    reviewed: Decimal = ZERO
    denied_codes: dict[str, None] = field(default_factory=dict)
    adjustments: list[AdjustmentPlan] = field(default_factory=list)
    only: Collection[AdjustmentKey] | None = None
    allowed_before: Decimal = ZERO

    def take(self, adjustment: Adjustment, rule: PostingRule, treatment: Treatment, line: int | None) -> None:
        """Add one adjustment."""
        amount = adjustment.amount
        if self.only is not None and key_of(adjustment) not in self.only:
            return
        if treatment is Treatment.ALLOWANCE or treatment is Treatment.OTHER_ACCOUNT:
            role = Role.ALLOWANCE if treatment is Treatment.ALLOWANCE else Role.RULE_ACCOUNT
            key = (role, rule.account)
            self.allowances[key] = self.allowances.get(key, ZERO) + amount
        elif treatment is Treatment.TRANSFER:
            self.transfer += amount
        elif treatment is Treatment.DENIAL:
            self.denied += amount
            if rule.treatment is Treatment.DENIAL:
                self.denied_codes[f"{adjustment.group} {adjustment.reason}"] = None
        elif treatment is Treatment.REVIEW:
            self.reviewed += amount
        self.adjustments.append(AdjustmentPlan(adjustment, rule, treatment, line))


def key_of(adjustment: Adjustment) -> AdjustmentKey:
    """Return what names an adjustment in its transaction."""
    return adjustment.position, adjustment.group, adjustment.reason


def adjudicate(
    claim: Claim, context: PostingContext, only: Collection[AdjustmentKey] | None = None
) -> Adjudication:
    """Return the adjustments of a claim and of its service lines by their treatment.

    With ``only`` the others are left out, but still tell what is denied as a whole.
    """
    result = Adjudication(only=only)
    day = claim.statement_from or context.payment_date
    rules = _resolved(claim.adjustments, day, context)
    claim_denied = not claim.paid and _denies(rules)
    _take(result, rules, claim_denied, None)
    for line in claim.service_lines:
        if line.adjustments:
            rules = _resolved(line.adjustments, line.service_date or day, context)
            _take(result, rules, claim_denied or (not line.paid and _denies(rules)), line.position)
    return result


_Resolved = list[tuple[Adjustment, PostingRule]]


def _resolved(adjustments: list[Adjustment], day: datetime.date | None, context: PostingContext) -> _Resolved:
    resolve, payer = context.rules.resolve, context.payer
    return [(a, resolve(payer, a.group, a.reason, day)) for a in adjustments]


def _denies(rules: _Resolved) -> bool:
    return any(rule.treatment is Treatment.DENIAL and adjustment.amount > 0 for adjustment, rule in rules)


def _take(result: Adjudication, rules: _Resolved, denied: bool, line: int | None) -> None:
    for adjustment, rule in rules:
        treatment = rule.treatment
        if denied and treatment not in _KEPT_WHEN_DENIED:
            treatment = Treatment.DENIAL
        result.take(adjustment, rule, treatment, line)
