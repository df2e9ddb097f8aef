"""Element values: decimals (X12 type R), dates (D6, D8), times and date ranges (RD8).

The bare parsers raise :class:`UnreadableValue`; the ``*_element`` functions turn that into a
:class:`DocumentError` that names the place.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import (
    Context,
    Decimal,
    DecimalException,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounded,
    Subnormal,
    Underflow,
)
from typing import TypeVar

from ...errors import DocumentError, Finding
from .reader import Segment

Value = TypeVar("Value")

# Type R has at most 18 digits. The context refuses more, so that numbers are exact and their sums too.
_EXACT = Context(
    prec=18, Emin=-18, Emax=18, traps=[InvalidOperation, Inexact, Rounded, Overflow, Underflow, Subnormal]
)
_to_exact_decimal = _EXACT.create_decimal
_find_other_characters = re.compile(r"[^0-9.\-]").search
_FOUND_LENGTH = 30


class UnreadableValue(ValueError):
    """A value does not have the form of its type; ``expected`` says which form that is."""

    def __init__(self, code: str, expected: str):
        super().__init__(expected)
        self.code = code
        self.expected = expected


def parse_decimal(text: str) -> Decimal:
    """Return the number that X12 type R means; exponents, separators of thousands and ``+`` are refused."""
    try:
        if not _find_other_characters(text):
            return _to_exact_decimal(text)
        if not _find_other_characters(stripped := text.strip()):
            return _to_exact_decimal(stripped)
    except DecimalException:
        pass  # too many digits, or signs and points in the wrong place
    raise UnreadableValue("x12.decimal", "a number such as -1234.5, of at most 18 digits")


def parse_date(text: str) -> datetime.date:
    """Return a date from CCYYMMDD (D8) or YYMMDD (D6, 1970 to 2069)."""
    stripped = text.strip()
    if len(stripped) == 6:
        century = "19" if stripped >= "70" else "20"
        stripped = century + stripped
    try:
        if len(stripped) == 8 and stripped.isascii() and stripped.isdigit():
            return datetime.date(int(stripped[:4]), int(stripped[4:6]), int(stripped[6:]))
    except ValueError:
        pass  # digits, but no day of the calendar: the same answer as for no digits
    raise UnreadableValue("x12.date", "a date as CCYYMMDD")


def parse_time(text: str) -> datetime.time:
    """Return a time from HHMM, HHMMSS, HHMMSSD or HHMMSSDD."""
    stripped = text.strip()
    try:
        if 4 <= len(stripped) <= 8 and len(stripped) != 5 and stripped.isascii() and stripped.isdigit():
            hundredths = int(stripped[6:].ljust(2, "0"))
            return datetime.time(
                int(stripped[:2]), int(stripped[2:4]), int(stripped[4:6] or 0), hundredths * 10_000
            )
    except ValueError:
        pass  # digits, but no time of a day: the same answer as for no digits
    raise UnreadableValue("x12.time", "a time as HHMM or HHMMSS")


def parse_period(text: str) -> tuple[datetime.date, datetime.date]:
    """Return first and last day from CCYYMMDD-CCYYMMDD (RD8); one date alone is a period of a day."""
    first, dash, last = text.partition("-")
    if not dash:
        return parse_date(first), parse_date(first)
    period = parse_date(first), parse_date(last)
    if period[0] > period[1]:
        raise UnreadableValue("x12.period", "a first day that is not after the last")
    return period


def remembering(
    parse: Callable[[str], Value], known: Mapping[str, Value] | None = None, limit: int = 1_024
) -> Callable[[str], Value]:
    """Return ``parse`` with a memory, for what has few different values: dates, quantities, codes.

    Amounts are better parsed each time: a memory of thousands of them falls out of the processor's cache.

    :param known: meanings that are given, such as of an empty text
    :param limit: how many texts are remembered, the first ones: what repeats comes early
    """
    # the dictionary's own method is the fast door to it: its class defines __missing__, which makes
    # the subscript notation look up both methods each time
    return _Memory(parse, known or {}, limit).__getitem__


class _Memory(dict):
    __slots__ = ("_limit", "_parse")

    def __init__(self, parse: Callable[[str], Value], known: Mapping[str, Value], limit: int):
        super().__init__(known)
        self._parse = parse
        self._limit = limit

    def __missing__(self, text: str) -> Value:
        value = self._parse(text)
        if len(self) < self._limit:
            self[text] = value
        return value


def element(segment: Segment, index: int) -> str:
    """Return element ``index`` (BPR02 is 2 of BPR), or an empty string when the segment ends before it."""
    return segment[index] if index < len(segment) else ""


def decimal_element(segment: Segment, index: int, location: str) -> Decimal:
    """Return a required decimal; ``location`` names the segment, e.g. ``ST 0001, segment 2 (BPR)``.

    :raises DocumentError: ``x12.decimal``
    """
    return _typed_element(parse_decimal, segment, index, location)


def date_element(segment: Segment, index: int, location: str) -> datetime.date:
    """Return a required date.

    :raises DocumentError: ``x12.date``
    """
    return _typed_element(parse_date, segment, index, location)


def unreadable_finding(error: UnreadableValue, found: str, location: str, severity: str = "error") -> Finding:
    """Describe an unreadable element; long values are shortened."""
    missing = not found.strip()
    return Finding(
        code=error.code,
        message="An element is missing" if missing else "An element cannot be read",
        location=location,
        expected=error.expected,
        found="nothing" if missing else found[:_FOUND_LENGTH],
        remedy="Ask the sender for a corrected file, or decide by the other documents of the transaction",
        severity=severity,
    )


def _typed_element(parse: Callable[[str], Value], segment: Segment, index: int, location: str) -> Value:
    text = element(segment, index)
    try:
        return parse(text)
    except UnreadableValue as error:
        finding = unreadable_finding(error, text, f"{location}, {segment[0]}{index:02}")
        raise DocumentError.summing_up([finding]) from error
