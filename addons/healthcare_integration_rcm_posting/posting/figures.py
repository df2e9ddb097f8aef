"""The amounts of a claim in a form that two claims can be compared by. Pure Python."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from ..formats.remittance.documents import ZERO, Adjustment, Claim

AdjustmentFigure = tuple[str, str, Decimal]  # group, reason, amount
LineFigures = tuple[Decimal, Decimal, tuple[AdjustmentFigure, ...]]  # charge, paid, adjustments


class Figures(NamedTuple):
    """Charge, payment and adjustments of a claim and of its service lines, in no particular order.

    Adjustments of one level with the same group and reason are one; those of zero do not count.
    """

    charge: Decimal
    paid: Decimal
    adjustments: tuple[AdjustmentFigure, ...]
    lines: tuple[LineFigures, ...]

    @classmethod
    def build(
        cls,
        charge: Decimal,
        paid: Decimal,
        adjustments: Iterable[AdjustmentFigure] = (),
        lines: Iterable[tuple[Decimal, Decimal, Iterable[AdjustmentFigure]]] = (),
    ) -> Figures:
        """Return the figures of a claim from claim level adjustments and ``(charge, paid, adjustments)``."""
        levels = sorted(
            (line_charge, line_paid, _merged(line_adjustments))
            for line_charge, line_paid, line_adjustments in lines
        )
        return cls(charge, paid, _merged(adjustments), tuple(levels))

    @classmethod
    def of(cls, claim: Claim) -> Figures:
        """Return the figures of a claim document."""
        return cls.build(
            claim.charge,
            claim.paid,
            _figures(claim.adjustments),
            ((line.charge, line.paid, _figures(line.adjustments)) for line in claim.service_lines),
        )

    def negated(self) -> Figures:
        """Return the figures that a reversal of this claim must have."""
        return Figures.build(
            -self.charge,
            -self.paid,
            _negated(self.adjustments),
            ((-charge, -paid, _negated(adjustments)) for charge, paid, adjustments in self.lines),
        )

    def differences(self, other: Figures) -> tuple[str, str]:
        """Return what differs as a person would compare two claims: of this one, of the other."""
        own, others = self._totals(), other._totals()
        names = [name for name in {**own, **others} if own.get(name, ZERO) != others.get(name, ZERO)]
        if not names and self != other:
            return self._distribution(), other._distribution()
        return _listed(names, own), _listed(names, others)

    def _totals(self) -> dict[str, Decimal]:
        totals = {"charge": self.charge, "paid": self.paid}
        for adjustments in (self.adjustments, *(line[2] for line in self.lines)):
            for group, reason, amount in adjustments:
                name = f"{group} {reason}"
                totals[name] = totals.get(name, ZERO) + amount
        return totals

    def _distribution(self) -> str:
        lines = "; ".join(
            f"line {charge} paid {paid}" + "".join(f", {g} {r} {amount}" for g, r, amount in adjustments)
            for charge, paid, adjustments in self.lines
        )
        claim = ", ".join(f"{group} {reason} {amount}" for group, reason, amount in self.adjustments)
        return "; ".join(part for part in (f"claim {claim}" if claim else "", lines) if part)


def _figures(adjustments: Iterable[Adjustment]) -> list[AdjustmentFigure]:
    return [(adjustment.group, adjustment.reason, adjustment.amount) for adjustment in adjustments]


def _merged(adjustments: Iterable[AdjustmentFigure]) -> tuple[AdjustmentFigure, ...]:
    totals: dict[tuple[str, str], Decimal] = {}
    for group, reason, amount in adjustments:
        totals[group, reason] = totals.get((group, reason), ZERO) + amount
    return tuple(sorted((group, reason, amount) for (group, reason), amount in totals.items() if amount))


def _negated(adjustments: Iterable[AdjustmentFigure]) -> list[AdjustmentFigure]:
    return [(group, reason, -amount) for group, reason, amount in adjustments]


def _listed(names: list[str], totals: dict[str, Decimal]) -> str:
    return ", ".join(f"{name} {totals.get(name, ZERO)}" for name in names)
