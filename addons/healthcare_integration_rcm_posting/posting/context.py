"""What planning needs to know besides the documents and the ledger. Pure Python."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from .ledger import Distribution
from .roles import Role
from .rules import ProviderAdjustmentRuleTable, RuleTable


@dataclass(frozen=True)
class PostingPolicy:
    """What the company decided.

    :ivar claims_per_entry: at most so many claims in one journal entry
    :ivar post_balanced_claims: post the claims that balance when others do not; without it a
        remittance with any unbalanced claim is held. One whose total does not balance is always held.
    :ivar reclass_denied: move the open amount of a claim that is denied as a whole to a receivable of its own
    """

    claims_per_entry: int = 500
    post_balanced_claims: bool = False
    reclass_denied: bool = False

    def __post_init__(self) -> None:
        if self.claims_per_entry < 1:
            raise ValueError("A journal entry must hold at least one claim")


@dataclass(slots=True)
class PostingContext:
    """Whose remittance is planned, by which rules, to which accounts.

    :ivar payer: partner id of the payer that sent the remittance
    :ivar accounts: account ids by role, from the company's settings
    :ivar distributions: by account id, the analytic distribution of every line on the account: the facility
        that is paid. What other accounts carry is left to whoever creates the lines.
    :ivar missing_roles: roles that the plan needs and ``accounts`` does not have; any holds the remittance
    """

    payer: int
    rules: RuleTable
    provider_rules: ProviderAdjustmentRuleTable
    accounts: Mapping[Role, int]
    policy: PostingPolicy = field(default_factory=PostingPolicy)
    control_number: str = ""
    trace_number: str = ""
    payment_date: datetime.date | None = None
    distributions: Mapping[int, Distribution] = field(default_factory=dict)
    missing_roles: set[Role] = field(default_factory=set)

    def account(self, role: Role) -> int | None:
        """Return the account of a role, and note a role that has none."""
        account = self.accounts.get(role)
        if account is None:
            self.missing_roles.add(role)
        return account

    def location(self, position: int, segment: str) -> str:
        """Return where in the remittance something is."""
        return location(self.control_number, position, segment)


def location(control_number: str, position: int, segment: str) -> str:
    """Return where in the remittance of that control number something is."""
    return f"ST {control_number}, segment {position} ({segment})"
