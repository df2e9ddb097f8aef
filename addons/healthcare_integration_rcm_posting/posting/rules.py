"""Posting rules: what an adjustment (CAS) or a provider adjustment (PLB) means in the books. Pure Python.

Among the rules that apply, the most specific wins, then the lowest ``priority``, then the first given.
A rule that names the reason is always more specific than one that does not, whatever else it names:
a rule like "payer X, group CO, any reason: allowance" can therefore never write off a denial that
another rule names by its reason.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from .roles import Role


class Treatment(str, Enum):
    """What happens to an adjustment of a claim or service line.

    :cvar ALLOWANCE: written off to the contractual allowance (or the rule's account)
    :cvar TRANSFER: becomes the patient's or, on a forwarded claim, the next payer's debt
    :cvar DENIAL: nothing is posted; the claim or line is denied, an exception carries the amount
    :cvar NO_EFFECT: nothing is posted; another remittance already has the effect
    :cvar REVIEW: nothing is posted; the review list carries the amount
    :cvar OTHER_ACCOUNT: debited to the rule's own account
    """

    ALLOWANCE = "allowance"
    TRANSFER = "transfer"
    DENIAL = "denial"
    NO_EFFECT = "no_effect"
    REVIEW = "review"
    OTHER_ACCOUNT = "other_account"


class Sign(str, Enum):
    """Which amounts of a provider adjustment a rule is for; a positive amount reduces the payment."""

    ANY = "any"
    NEGATIVE = "negative"
    POSITIVE = "positive"


@dataclass(frozen=True)
class PostingRule:
    """What to do with an adjustment.

    :ivar payer: partner id of the payer, ``None`` for any
    :ivar group: CAS01 (CO, PR, OA, PI, CR), empty for any
    :ivar reason: claim adjustment reason code, empty for any
    :ivar account: account id, ``None`` for the account of the treatment's role
    :ivar date_from: first day of service that the rule is for
    :ivar date_to: last day of service that the rule is for
    :ivar priority: among equally specific rules the lowest wins
    :ivar id: record id, ``None`` for a built-in rule
    """

    treatment: Treatment
    group: str = ""
    reason: str = ""
    payer: int | None = None
    account: int | None = None
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    priority: int = 10
    id: int | None = None

    def __post_init__(self) -> None:
        _check_dates(self.date_from, self.date_to)
        if self.treatment is Treatment.OTHER_ACCOUNT and self.account is None:
            raise ValueError("A rule that posts to another account must name it")

    @property
    def specificity(self) -> int:
        """The reason weighs more than the payer, the payer more than the group."""
        return 4 * bool(self.reason) + 2 * (self.payer is not None) + bool(self.group)


@dataclass(frozen=True)
class ProviderAdjustmentRule:
    """Which account a provider adjustment posts to, against clearing.

    :ivar role: the role of the account; decides how open items pair up
    :ivar code: PLB03-1, empty for any
    :ivar account: account id, ``None`` for the account of the role
    """

    role: Role
    code: str = ""
    sign: Sign = Sign.ANY
    payer: int | None = None
    account: int | None = None
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    priority: int = 10
    id: int | None = None

    def __post_init__(self) -> None:
        _check_dates(self.date_from, self.date_to)
        if self.role is Role.RULE_ACCOUNT and self.account is None:
            raise ValueError("A rule that posts to another account must name it")

    @property
    def specificity(self) -> int:
        """The code weighs more than the payer, the payer more than the sign."""
        return 4 * bool(self.code) + 2 * (self.payer is not None) + (self.sign is not Sign.ANY)


def _check_dates(date_from: datetime.date | None, date_to: datetime.date | None) -> None:
    if date_from and date_to and date_to < date_from:
        raise ValueError("A rule must not end before it starts")


def _applies_on(rule: PostingRule | ProviderAdjustmentRule, day: datetime.date | None) -> bool:
    """A rule with dates does not apply to what has no date."""
    if rule.date_from is None and rule.date_to is None:
        return True
    if day is None:
        return False
    return (rule.date_from is None or rule.date_from <= day) and (rule.date_to is None or day <= rule.date_to)


def _best_first(rules: Iterable) -> tuple:
    return tuple(sorted(rules, key=lambda rule: (-rule.specificity, rule.priority)))


NO_RULE = PostingRule(Treatment.REVIEW)
NO_PROVIDER_RULE = ProviderAdjustmentRule(Role.PROVIDER_ADJUSTMENT_REVIEW)


def _own_accounts(rules: Iterable) -> frozenset[int]:
    return frozenset(rule.account for rule in rules if rule.account is not None)


class RuleTable:
    """Resolves adjustments of claims and service lines; what no rule covers goes to review.

    :ivar accounts: the accounts that rules name
    """

    def __init__(self, rules: Iterable[PostingRule]):
        self._rules = tuple(rules)
        self._candidates: dict[tuple, tuple[PostingRule, ...]] = {}
        self.accounts = _own_accounts(self._rules)

    def resolve(self, payer: int | None, group: str, reason: str, day: datetime.date | None) -> PostingRule:
        """Return the rule for an adjustment, :data:`NO_RULE` when there is none.

        ``day`` is the day of service, or of payment when the remittance does not tell it.
        """
        key = (payer, group, reason)
        candidates = self._candidates.get(key)
        if candidates is None:
            candidates = self._candidates[key] = self._collect(*key)
        for rule in candidates:
            if _applies_on(rule, day):
                return rule
        return NO_RULE

    def _collect(self, payer: int | None, group: str, reason: str) -> tuple[PostingRule, ...]:
        return _best_first(
            rule
            for rule in self._rules
            if rule.payer in (None, payer) and rule.group in ("", group) and rule.reason in ("", reason)
        )


class ProviderAdjustmentRuleTable:
    """Resolves provider adjustments by code and sign; what no rule covers is to be identified.

    :ivar accounts: the accounts that rules name
    """

    def __init__(self, rules: Iterable[ProviderAdjustmentRule]):
        self._rules = _best_first(rules)
        self.accounts = _own_accounts(self._rules)

    def resolve(
        self, payer: int | None, code: str, sign: Sign, day: datetime.date | None
    ) -> ProviderAdjustmentRule:
        """Return the rule for a provider adjustment, :data:`NO_PROVIDER_RULE` when there is none."""
        for rule in self._rules:
            if (
                rule.payer in (None, payer)
                and rule.code in ("", code)
                and rule.sign in (Sign.ANY, sign)
                and _applies_on(rule, day)
            ):
                return rule
        return NO_PROVIDER_RULE


DENIAL_GROUPS = ("CO", "PI", "OA")

#: Claim adjustment reason codes that deny a claim or a line. None of them may be written off by default.
DENIAL_REASONS = (
    "4",  # procedure code inconsistent with the modifier
    "11",  # diagnosis inconsistent with the procedure
    "15",  # authorization number missing or invalid
    "16",  # lacks information or has a billing error
    "18",  # exact duplicate
    "22",  # may be covered by another payer
    "24",  # covered under a capitation or managed care agreement
    "26",  # before coverage
    "27",  # after coverage ended
    "29",  # time limit for filing expired
    "31",  # patient cannot be identified as insured
    "39",  # denied when authorization was requested
    "49",  # routine or preventive, not covered
    "50",  # not deemed a medical necessity
    "55",  # experimental or investigational
    "96",  # non-covered charge
    "97",  # included in the payment for another service
    "109",  # not covered by this payer
    "119",  # benefit maximum reached
    "146",  # diagnosis invalid for the date of service
    "151",  # information does not support this many services
    "181",  # procedure code invalid on the date of service
    "182",  # modifier invalid on the date of service
    "197",  # precertification or authorization absent
    "198",  # precertification or authorization exceeded
    "204",  # not covered under the patient's plan
    "226",  # information requested from the provider not received
    "227",  # information requested from the patient not received
    "252",  # attachment or documentation required
    "A1",  # claim or service denied
    "B7",  # provider not certified or eligible on the date of service
    "B15",  # a qualifying service is required first
)

DEFAULT_RULES: tuple[PostingRule, ...] = (
    PostingRule(Treatment.ALLOWANCE, "CO", "45"),  # charge exceeds the fee schedule
    PostingRule(Treatment.ALLOWANCE, "CO", "253"),  # sequestration
    PostingRule(Treatment.TRANSFER, "PR", "1"),  # deductible
    PostingRule(Treatment.TRANSFER, "PR", "2"),  # coinsurance
    PostingRule(Treatment.TRANSFER, "PR", "3"),  # copayment
    PostingRule(Treatment.NO_EFFECT, "OA", "23"),  # impact of the prior payer's adjudication
    *(PostingRule(Treatment.DENIAL, group, reason) for group in DENIAL_GROUPS for reason in DENIAL_REASONS),
)

DEFAULT_PROVIDER_RULES: tuple[ProviderAdjustmentRule, ...] = (
    ProviderAdjustmentRule(Role.PAYER_REFUND, "WO"),  # overpayment recovery
    ProviderAdjustmentRule(Role.FORWARD_BALANCE, "FB"),  # forwarding balance
    ProviderAdjustmentRule(Role.REFUND_CHECK, "72", Sign.NEGATIVE),  # authorized return
    ProviderAdjustmentRule(Role.INTEREST_INCOME, "L6"),  # interest owed
    ProviderAdjustmentRule(Role.PERIODIC_INTERIM, "PI"),  # periodic interim payment
    ProviderAdjustmentRule(Role.WITHHOLDING_TAX, "IR"),  # tax withheld
    ProviderAdjustmentRule(Role.LEVY, "LE"),  # levy
)
