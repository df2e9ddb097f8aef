"""Counts and totals that a header or trailer states about the details of a file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, localcontext

from ...errors import DocumentError, Finding
from .layout import Column

_EXACT = Context(prec=60, traps=[Inexact])


class Control:
    """Counts records and adds up columns while a file is read or written."""

    def __init__(self, columns: Sequence[Column]):
        self._checks = [column for column in columns if column.check]
        self._totals = {column.check_column: Decimal(0) for column in self._checks if column.check == "total"}
        self._stated: list[tuple[Column, object, str]] = []
        self.details = 0
        self.records = 0

    def count(self, role: str, values: dict[str, object]) -> None:
        """Take a record into account.

        :raise DocumentError: ``tabular.total_too_large``
        """
        self.records += 1
        if role != "detail":
            return
        self.details += 1
        with localcontext(_EXACT):
            for name in self._totals:
                try:
                    self._totals[name] += values.get(name, 0)
                except Inexact:
                    raise self._too_large(name) from None

    def note(self, role: str, values: dict[str, object], location: str) -> None:
        """Remember what a header or trailer states, to be compared at the end of the file."""
        self._stated += [
            (column, values.get(column.name), location) for column in self._checks if column.role == role
        ]

    def state(self, role: str) -> dict[str, object]:
        """Return the values of the checked columns of a record that is written now."""
        return {column.name: self._actual(column) for column in self._checks if column.role == role}

    def verify(self, *, with_totals: bool) -> None:
        """Compare what was stated with what was found.

        :param with_totals: False when a row could not be read: what it adds to a total is not known
        :raise DocumentError: ``tabular.control``
        """
        findings = [
            Finding(
                code="tabular.control",
                message=f"The file does not hold what its {column.role} states.",
                location=f"{location}, column {column.name}",
                expected="nothing" if stated is None else f"{stated}",
                found=f"{self._actual(column)}",
                remedy="Ask the sender for the complete file.",
            )
            for column, stated, location in self._stated
            if (with_totals or column.check != "total") and stated != self._actual(column)
        ]
        if findings:
            raise DocumentError.summing_up(findings)

    def _actual(self, column: Column) -> int | Decimal:
        if column.check == "total":
            return self._totals[column.check_column]
        return self.details if column.check == "detail_count" else self.records

    @staticmethod
    def _too_large(name: str) -> DocumentError:
        return DocumentError(
            code="tabular.total_too_large",
            message="A total has more digits than can be added exactly.",
            expected="at most 60 digits",
            found="more",
            location=f"column {name}",
            remedy="Check the amounts of the file.",
        )
