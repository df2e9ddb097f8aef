"""From segments to bytes: values are checked, envelopes counted, nothing is held in memory.

A value is a string, a tuple of strings for a composite element, or a list of either for a repeated
one. Control numbers are the caller's: they must not depend on what is being sent.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from ...errors import DocumentError
from .delimiters import Delimiters
from .envelope import Group, Interchange, TransactionEnvelope

Value = str | tuple[str, ...] | list

_NOT_DATA = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1)


def decimal_text(number: Decimal) -> str:
    """Return a number as X12 type R: no exponent, no zeros that carry nothing."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def date_text(date: datetime.date | None) -> str:
    """Return a date as CCYYMMDD; an empty string for none."""
    return f"{date:%Y%m%d}" if date else ""


class SegmentWriter:
    """Writes segments with one set of delimiters.

    :param line_break: written behind each terminator, for people who read the file
    """

    def __init__(self, delimiters: Delimiters, line_break: str = ""):
        self.delimiters = delimiters
        self._end = delimiters.segment + line_break
        self._reserved = (delimiters.element, delimiters.component, delimiters.segment, delimiters.repetition)

    def write(self, segment: Sequence[Value]) -> bytes:
        """Return one segment; empty elements at its end are left out.

        :raises DocumentError: ``x12.delimiter_in_value``, ``x12.control_character``
        """
        elements = [self._element(segment, index) for index in range(len(segment))]
        while len(elements) > 1 and not elements[-1]:
            elements.pop()
        return (self.delimiters.element.join(elements) + self._end).encode("utf-8")

    def write_interchange_header(self, segment: Sequence[str]) -> bytes:
        """Return ISA from its name and first 15 elements; the delimiters are filled in."""
        elements = [self._checked(segment, index, text) for index, text in enumerate(segment)]
        elements[11] = self.delimiters.repetition or "U"
        elements.append(self.delimiters.component)
        return (self.delimiters.element.join(elements) + self._end).encode("utf-8")

    def _element(self, segment: Sequence[Value], index: int) -> str:
        value = segment[index]
        if isinstance(value, list):
            repetitions = [self._composite(segment, index, repeated) for repeated in value]
            return (
                self._repetition(segment, index).join(repetitions) if len(value) > 1 else "".join(repetitions)
            )
        return self._composite(segment, index, value)

    def _repetition(self, segment: Sequence[Value], index: int) -> str:
        if not self.delimiters.repetition:
            raise _refused("x12.delimiter_in_value", segment, index, "a repetition separator", "none agreed")
        return self.delimiters.repetition

    def _composite(self, segment: Sequence[Value], index: int, value: Value) -> str:
        if isinstance(value, str):
            return self._checked(segment, index, value)
        components = [self._checked(segment, index, component) for component in value]
        while components and not components[-1]:
            components.pop()
        return self.delimiters.component.join(components)

    def _checked(self, segment: Sequence[Value], index: int, text: str) -> str:
        for delimiter in self._reserved:
            if delimiter and delimiter in text:
                raise _refused(
                    "x12.delimiter_in_value", segment, index, "no delimiter in it", repr(delimiter)
                )
        if _NOT_DATA.search(text):
            raise _refused("x12.control_character", segment, index, "no control characters", "at least one")
        return text


def write_transaction(
    writer: SegmentWriter, envelope: TransactionEnvelope, body: Iterable[Sequence[Value]]
) -> Iterator[bytes]:
    """Yield ST, the segments of ``body`` and SE with its count."""
    yield writer.write(["ST", envelope.set_identifier, envelope.control_number, envelope.implementation])
    count = 2
    for segment in body:
        yield writer.write(segment)
        count += 1
    yield writer.write(["SE", str(count), envelope.control_number])


def write_group(
    writer: SegmentWriter, group: Group, transactions: Iterable[Iterable[bytes]]
) -> Iterator[bytes]:
    """Yield GS, the bytes of each transaction and GE with their number."""
    created = _required_moment(group.created, "GS", group.control_number)
    yield writer.write(
        [
            "GS",
            group.functional_identifier,
            group.sender,
            group.receiver,
            f"{created:%Y%m%d}",
            f"{created:%H%M}" if created.second == 0 else f"{created:%H%M%S}",
            group.control_number,
            group.agency,
            group.version,
        ]
    )
    count = 0
    for transaction in transactions:
        yield from transaction
        count += 1
    yield writer.write(["GE", str(count), group.control_number])


def write_interchange(
    writer: SegmentWriter, interchange: Interchange, groups: Iterable[Iterable[bytes]]
) -> Iterator[bytes]:
    """Yield ISA in its fixed width, the bytes of each group and IEA with their number.

    :raises DocumentError: ``x12.element_length`` when a value does not fit ISA
    """
    yield _interchange_header(writer, interchange)
    count = 0
    for group in groups:
        yield from group
        count += 1
    yield writer.write(["IEA", str(count), interchange.control_number.zfill(9)])


def _interchange_header(writer: SegmentWriter, interchange: Interchange) -> bytes:
    created = _required_moment(interchange.created, "ISA", interchange.control_number)
    values = [
        *("00", "", "00", ""),
        *(interchange.sender_qualifier, interchange.sender),
        *(interchange.receiver_qualifier, interchange.receiver),
        *(f"{created:%y%m%d}", f"{created:%H%M}"),
        "U",
        interchange.version,
        interchange.control_number.zfill(9),
        "1" if interchange.acknowledgement_requested else "0",
        interchange.usage,
    ]
    header = ["ISA", *(value.ljust(width) for value, width in zip(values, _ISA_WIDTHS, strict=True))]
    for index, width in enumerate(_ISA_WIDTHS, start=1):
        if len(header[index].encode("utf-8")) != width:
            raise _refused(
                "x12.element_length", header, index, f"{width} characters", str(len(header[index]))
            )
    return writer.write_interchange_header(header)


def _required_moment(
    moment: datetime.datetime | None, identifier: str, control_number: str
) -> datetime.datetime:
    if moment is None:
        raise DocumentError(
            code="x12.created_missing",
            message="An envelope without date and time cannot be written",
            location=f"{identifier} {control_number}",
            expected="date and time of creation",
            found="nothing",
            remedy="Give the moment at which the interchange is made",
        )
    return moment


def _refused(code: str, segment: Sequence[Value], index: int, expected: str, found: str) -> DocumentError:
    return DocumentError(
        code=code,
        message="A value cannot be written",
        location=f"{segment[0]}{index:02}",
        expected=expected,
        found=found,
        remedy="Change the value, or agree on other delimiters with the receiver",
    )
