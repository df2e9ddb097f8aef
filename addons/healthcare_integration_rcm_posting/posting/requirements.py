"""What a whole remittance can need of the books, told by its documents alone. Pure Python.

A large remittance is posted in parts. What would hold a later part must hold the first one already, or
clearing would not net to the payment; so this is asked before anything is posted. It may name an account
that the books then do not ask for: no claim is matched here.
"""

from __future__ import annotations

from decimal import Decimal

from odoo.addons.healthcare_integration_base.errors import Finding

from ..formats.remittance.documents import ZERO, Claim, ProviderAdjustment
from .adjudication import Adjudication, adjudicate
from .checks import too_precise
from .claims import NOT_RECOGNISED_STATUS
from .context import PostingContext
from .ledger import PAYER_RANK
from .provider_adjustments import needs_of
from .roles import Need, Role
from .settlement import FORWARDED_STATUSES


class Requirements:
    """Gathers what posting can need, document by document.

    :ivar too_precise: the hold of the first amount that the books would round, None without one
    """

    def __init__(self, context: PostingContext, digits: int):
        self._context = context
        self._digits = digits
        self._needs: set[Need] = set()
        self.too_precise: Finding | None = None

    @property
    def roles(self) -> set[Role]:
        """The roles whose account the company's settings must name."""
        return {role for role, account in self._needs if account is None}

    @property
    def missing_roles(self) -> set[Role]:
        """The roles that have no account."""
        return {role for role in self.roles if role not in self._context.accounts}

    @property
    def accounts(self) -> set[tuple[Role, int]]:
        """The accounts that the settings and the rules name, each with its role; missing ones left out."""
        named = ((role, account or self._context.accounts.get(role)) for role, account in self._needs)
        return {(role, account) for role, account in named if account is not None}

    def add_claim(self, claim: Claim) -> None:
        """Add what the payment and the adjustments of a claim can need."""
        decided = adjudicate(claim, self._context)
        amounts = [claim.paid]
        if claim.paid:
            self._require(Role.CLEARING, Role.UNAPPLIED_CASH if claim.paid > 0 else Role.TAKEBACK)
        if claim.status in PAYER_RANK:
            self._add_settlement(claim, decided)
            amounts += [*decided.allowances.values(), decided.transfer]
        if self._context.policy.reclass_denied and (decided.denied or claim.status == NOT_RECOGNISED_STATUS):
            self._require(Role.DENIED_RECEIVABLE)
        self._check_precision(amounts, claim.position, claim.claim_id)

    def add_provider_adjustment(self, adjustment: ProviderAdjustment) -> None:
        """Add what a provider adjustment can need."""
        if adjustment.amount:
            self._require(Role.CLEARING)
            self._needs |= needs_of(adjustment, self._context)
            self._check_precision([adjustment.amount], adjustment.position, "PLB")

    def _add_settlement(self, claim: Claim, decided: Adjudication) -> None:
        self._needs |= decided.allowances.keys()
        if decided.transfer > ZERO:
            forwarded = claim.status in FORWARDED_STATUSES
            self._require(Role.PAYER_RECEIVABLE if forwarded else Role.PATIENT_RECEIVABLE)

    def _require(self, *roles: Role) -> None:
        self._needs.update((role, None) for role in roles)

    def _check_precision(self, amounts: list[Decimal], position: int, label: str) -> None:
        for amount in amounts:
            if self.too_precise is None and round(amount, self._digits) != amount:
                location = self._context.location(position, label)
                self.too_precise = too_precise(amount, location, self._digits)
