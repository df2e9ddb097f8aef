"""What to do with a segment that cannot be read as it is.

Reading goes without checks as long as a segment is sound. When one is not, this module finds out
which of its elements are missing or unreadable, reports each with its place, and puts a value in
their stead that changes no total: zero for amounts, nothing for dates and quantities. The balance
then shows what that is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from odoo.addons.healthcare_integration_base.errors import Finding
from odoo.addons.healthcare_integration_base.formats.x12 import (
    Segment,
    UnreadableValue,
    parse_date,
    parse_decimal,
    unreadable_finding,
)

from .state import ReaderState

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _ElementType:
    parse: Callable[[str], Any]
    required: bool
    neutral: str
    severity: str

    def error(self, text: str) -> UnreadableValue | None:
        """Return why a text cannot be read."""
        if text or self.required:
            try:
                self.parse(text)
            except UnreadableValue as error:
                return error
        return None


_AMOUNT = _ElementType(parse_decimal, True, "0", "error")
_OPTIONAL_AMOUNT = _ElementType(parse_decimal, False, "", "warning")
_QUANTITY = _ElementType(parse_decimal, False, "", "warning")
_DATE = _ElementType(parse_date, False, "", "warning")

_TYPES = {
    "BPR": {2: _AMOUNT, 16: _DATE},
    "DTM": {2: _DATE},
    "CLP": {3: _AMOUNT, 4: _AMOUNT, 5: _OPTIONAL_AMOUNT},
    "SVC": {2: _AMOUNT, 3: _AMOUNT, 5: _QUANTITY, 7: _QUANTITY},
    "AMT": {2: _AMOUNT},
}
#: As many elements as any segment is read by.
_LENGTH = 17
#: What a segment raises that cannot be read as it is: a wrong value, or too few elements.
Damage = (UnreadableValue, IndexError)


def read_or_repair(
    state: ReaderState, read: Callable[[ReaderState, Segment, int], Result], segment: Segment, position: int
) -> Result:
    """Read a segment; if it is damaged, read what can be repaired of it and report the rest."""
    try:
        return read(state, segment, position)
    except Damage:
        return read_repaired(state, read, segment, position)


def read_repaired(
    state: ReaderState, read: Callable[[ReaderState, Segment, int], Result], segment: Segment, position: int
) -> Result:
    """Read what can be repaired of a damaged segment and report the rest where the segment went."""
    repaired, findings = repair(state, segment, position)
    result = read(state, repaired, position)
    for finding in findings:
        state.report(finding)
    return result


def repair(state: ReaderState, segment: Segment, position: int) -> tuple[Segment, list[Finding]]:
    """Return a readable copy of a segment and what had to be changed."""
    repaired = list(segment)
    findings = []
    for index, element_type in _typed_elements(segment):
        repaired.extend([""] * (index + 1 - len(repaired)))
        if error := element_type.error(repaired[index]):
            place = state.location(segment, position, index)
            findings.append(unreadable_finding(error, repaired[index], place, element_type.severity))
            repaired[index] = element_type.neutral
    if segment[0] not in ("CAS", "PLB"):
        repaired.extend([""] * (_LENGTH - len(repaired)))
    return repaired, findings


def _typed_elements(segment: Segment) -> Iterator[tuple[int, _ElementType]]:
    """Yield index and type of the elements that are not plain text."""
    if segment[0] == "CAS":
        for index in _group_starts(segment, 2, 3):
            yield index + 1, _AMOUNT
            yield index + 2, _QUANTITY
    elif segment[0] == "PLB":
        yield 2, _DATE
        for index in _group_starts(segment, 3, 2):
            yield index + 1, _AMOUNT
    else:
        yield from _TYPES.get(segment[0], {}).items()


def _group_starts(segment: Segment, first: int, size: int) -> Iterator[int]:
    """Yield where each group of elements starts that is not blank; the first one must be there."""
    yield first
    for index in range(first + size, len(segment), size):
        if any(segment[index : index + 2]):
            yield index
