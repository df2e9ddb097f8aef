"""A general ledger in memory that applies plans the way the real one does, and refuses what it refuses."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from odoo.addons.healthcare_integration_rcm_posting.posting.plan import EntryPlan
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role


@dataclass
class JournalItem:
    id: int
    role: Role
    account: int
    partner: int
    amount: Decimal
    residual: Decimal
    reference: str = ""
    distribution: tuple = ()


class Books:
    """Journal items and their reconciliations; ids are given in the order of posting."""

    def __init__(self):
        self.items: dict[int, JournalItem] = {}
        self.matches: list[tuple[int, int, Decimal]] = []

    def post(
        self, role: Role, account: int, partner: int, amount: Decimal, reference: str = "", distribution=()
    ) -> int:
        number = len(self.items) + 1
        self.items[number] = JournalItem(
            number, role, account, partner, amount, amount, reference, distribution
        )
        return number

    def apply(self, entry: EntryPlan, ids_by_key: dict[str, int]) -> None:
        """Apply an entry in the order that the plan prescribes; add the ids of its lines by their keys."""
        resolve = lambda target: ids_by_key.get(target, target)  # noqa: E731
        for target in entry.unreconcile:
            self.unreconcile(resolve(target))
        assert sum(line.amount for line in entry.lines) == 0
        for line in entry.lines:
            assert line.key not in ids_by_key, f"key {line.key} twice"
            assert line.amount, f"line {line.key} of zero"
            ids_by_key[line.key] = self.post(
                line.role,
                line.account,
                line.partner,
                line.amount,
                line.reference,
                line.distribution or (),
            )
        for line in entry.lines:
            for target in line.reconcile:
                self.reconcile(ids_by_key[line.key], resolve(target))

    def reconcile(self, first_id: int, second_id: int) -> None:
        first, second = self.items[first_id], self.items[second_id]
        assert first.account == second.account, "reconciled across accounts"
        assert first.partner == second.partner, "reconciled across partners"
        assert first.residual and second.residual, "already reconciled"
        assert (first.residual > 0) != (second.residual > 0), "reconciled with the same sign"
        amount = min(abs(first.residual), abs(second.residual))
        for item in (first, second):
            item.residual -= amount if item.residual > 0 else -amount
        self.matches.append((first_id, second_id, amount))

    def unreconcile(self, item_id: int) -> None:
        kept = []
        for match in self.matches:
            if item_id in match[:2]:
                for item in (self.items[match[0]], self.items[match[1]]):
                    item.residual += match[2] if item.amount > 0 else -match[2]
            else:
                kept.append(match)
        self.matches = kept

    def matched(self, item_id: int) -> tuple[tuple[int, Decimal], ...]:
        found = []
        for first, second, amount in self.matches:
            if item_id in (first, second):
                found.append((second if item_id == first else first, amount))
        return tuple(found)

    def balances(self) -> dict[tuple[int, int], Decimal]:
        """Net amount by account and partner; zero balances are left out."""
        totals: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for item in self.items.values():
            totals[item.account, item.partner] += item.amount
        return {key: total for key, total in totals.items() if total}

    def verify(self) -> None:
        """Every residual is the amount less what is matched, and never beyond zero."""
        for item in self.items.values():
            matched = sum((amount for _other, amount in self.matched(item.id)), Decimal(0))
            assert abs(item.residual) == abs(item.amount) - matched
            assert item.residual * item.amount >= 0
