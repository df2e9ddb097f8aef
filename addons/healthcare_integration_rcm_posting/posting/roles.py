"""The accounts that a remittance posts to, by what they stand for. Pure Python."""

from __future__ import annotations

from enum import Enum


class Role(str, Enum):
    """What an account is for; the company's settings name the account of each role.

    :cvar CLAIM_RECEIVABLE: the account of the matched open item itself, never a setting
    :cvar RULE_ACCOUNT: the account that a posting rule names, never a setting
    """

    CLEARING = "clearing"
    CLAIM_RECEIVABLE = "claim_receivable"
    PATIENT_RECEIVABLE = "patient_receivable"
    PAYER_RECEIVABLE = "payer_receivable"
    DENIED_RECEIVABLE = "denied_receivable"
    ALLOWANCE = "allowance"
    UNAPPLIED_CASH = "unapplied_cash"
    TAKEBACK = "takeback"
    PAYER_REFUND = "payer_refund"
    FORWARD_BALANCE = "forward_balance"
    REFUND_CHECK = "refund_check"
    INTEREST_INCOME = "interest_income"
    PERIODIC_INTERIM = "periodic_interim"
    WITHHOLDING_TAX = "withholding_tax"
    LEVY = "levy"
    PROVIDER_ADJUSTMENT_REVIEW = "provider_adjustment_review"
    RULE_ACCOUNT = "rule_account"

    __hash__ = str.__hash__

    @property
    def label(self) -> str:
        """The name that a biller knows the account by."""
        return _LABELS[self]

    @property
    def reconcilable(self) -> bool:
        """Whether the account must allow reconciliation: its lines are open items that pair up later."""
        return self not in _NOT_RECONCILED

    @property
    def configurable(self) -> bool:
        """Whether the company's settings name the account."""
        return self not in (Role.CLAIM_RECEIVABLE, Role.RULE_ACCOUNT)


Need = tuple[Role, int | None]  # the role, and the account that a rule names in place of the role's

_LABELS = {
    Role.CLEARING: "EFT clearing",
    Role.CLAIM_RECEIVABLE: "Receivable of the claim",
    Role.PATIENT_RECEIVABLE: "Receivable - patient",
    Role.PAYER_RECEIVABLE: "Receivable - next payer",
    Role.DENIED_RECEIVABLE: "Receivable - denied",
    Role.ALLOWANCE: "Contractual allowance",
    Role.UNAPPLIED_CASH: "Unapplied cash",
    Role.TAKEBACK: "Takeback to identify",
    Role.PAYER_REFUND: "Payer refund payable",
    Role.FORWARD_BALANCE: "Forward balance liability",
    Role.REFUND_CHECK: "Refund check clearing",
    Role.INTEREST_INCOME: "Interest income",
    Role.PERIODIC_INTERIM: "Periodic interim payment (PIP) liability",
    Role.WITHHOLDING_TAX: "Withholding tax receivable",
    Role.LEVY: "Levy",
    Role.PROVIDER_ADJUSTMENT_REVIEW: "Provider adjustment (PLB) to identify",
    Role.RULE_ACCOUNT: "Account of the posting rule",
}

_NOT_RECONCILED = frozenset(
    {Role.ALLOWANCE, Role.INTEREST_INCOME, Role.LEVY, Role.WITHHOLDING_TAX, Role.RULE_ACCOUNT}
)
