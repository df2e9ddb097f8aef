"""The delimiters of an X12 interchange, found in its header.

X12.5: ISA is the only segment of fixed width. The character after ``ISA`` separates elements, ISA16
separates components, the character after ISA16 ends every segment, and ISA11 separates repetitions
from version 00402 on. Published files break the width, leave ISA16 out, end segments with a line
break or start with a byte order mark; each of these is read when only one reading is possible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...errors import DocumentError, Finding

#: Bytes that are enough to hold any header and the segment behind it.
HEADER_BYTES = 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DEFAULT_COMPONENT = ":"

_FIXED_WIDTH = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
# character classes: what no delimiter is, and what stands between segments (\s would match 1C to 1F)
_DATA = r"A-Za-z0-9 \t"
_BLANK = r" \t\r\n"
_RESEND = "Ask the sender for the file as it left its system"
_FOREIGN_FORMATS = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"-----BEGIN PGP", "a PGP encrypted file"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"UNA", "an EDIFACT interchange"),
    (b"UNB", "an EDIFACT interchange"),
    (b"MSH", "an HL7 version 2 message"),
    (b"<", "XML or HTML"),
    (b"{", "JSON"),
)


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The four delimiters as single ASCII characters; ``repetition`` is empty where there is none.

    :raises DocumentError: ``x12.delimiters`` when two are equal or one could be part of a value
    """

    element: str = "*"
    component: str = ":"
    segment: str = "~"
    repetition: str = ""

    def __post_init__(self) -> None:
        used = [self.element, self.component, self.segment]
        if self.repetition:
            used.append(self.repetition)
        if len(set(used)) < len(used) or not all(map(_can_delimit, used)):
            raise DocumentError(
                code="x12.delimiters",
                message="The delimiters of the interchange cannot be told from each other or from values",
                location="ISA",
                expected="distinct ASCII characters that are neither letters, digits nor spaces",
                found=" ".join(map(repr, used)),
                remedy=_RESEND,
            )

    @property
    def line_breaks(self) -> bytes:
        """The line break bytes that are no data and end no segment here."""
        return b"\r\n".translate(None, self.segment.encode("ascii"))


@dataclass(slots=True)
class Header:
    """Where an interchange starts in the bytes at hand, how it is delimited, what is wrong with it."""

    start: int
    delimiters: Delimiters
    findings: list[Finding] = field(default_factory=list)


def find_header(head: bytes, offset: int = 0) -> Header:
    """Find the first interchange at the start of ``head``, behind white space and a byte order mark.

    :param head: the first :data:`HEADER_BYTES` of the interchange, or all there is
    :param offset: byte position of ``head`` in its source, for the locations
    :raises DocumentError: ``x12.empty``, ``x12.not_x12``, ``x12.isa_malformed``, ``x12.delimiters``
    """
    findings = []
    start = 0
    if head.startswith(BYTE_ORDER_MARK):
        start = len(BYTE_ORDER_MARK)
        findings.append(_byte_order_mark(offset))
    start += len(head) - start - len(head[start:].lstrip())
    text = head[start:].decode("latin-1")
    if not text:
        raise DocumentError(
            code="x12.empty",
            message="The file is empty",
            location=f"byte {offset}",
            expected="an X12 interchange that starts with ISA",
            found="no data",
            remedy="Ask the sender whether the transfer was cut off",
        )
    location = f"ISA at byte {offset + start}"
    if re.match(rf"ISA[^{_DATA}{_BLANK}]", text):
        delimiters = _from_interchange_header(text, location, findings)
    elif re.match(rf"(?:GS|ST)[^{_DATA}{_BLANK}]", text):
        delimiters = _from_bare_segments(text, offset + start, findings)
    else:
        raise _not_x12(head[start:], offset + start)
    return Header(start, delimiters, findings)


def _from_interchange_header(text: str, location: str, findings: list[Finding]) -> Delimiters:
    separator = text[3]
    ends = [match.start() for match in re.finditer(re.escape(separator), text)][:16]
    if len(ends) < 16:
        raise _malformed(location, f"{len(ends)} elements")
    has_fixed_width = tuple(ends) == _FIXED_WIDTH
    component, segment = _closing_characters(text[ends[15] + 1 :], separator, has_fixed_width)
    if not segment:
        raise _malformed(location, "no terminator and segment behind its sixteenth element")
    if not component:
        component = DEFAULT_COMPONENT
        findings.append(_component_missing(location))
    if not has_fixed_width:
        findings.append(_wrong_width(location, ends[15] + 2))
    repetition = text[ends[10] + 1 : ends[11]]
    if not _can_delimit(repetition) or repetition in (separator, component, segment):
        repetition = ""
    return Delimiters(separator, component, segment, repetition)


def _closing_characters(tail: str, separator: str, has_fixed_width: bool) -> tuple[str, str]:
    """Return ISA16 and the segment terminator from the text behind ISA15, each empty when it is not there.

    That a segment follows tells ISA16 from a terminator. Where none does, the fixed width vouches for both.
    """
    complete = re.match(rf"([^{_DATA}{_BLANK}])\r?([^{_DATA}])", tail)
    shortened = re.match(rf"\r?([^{_DATA}])", tail)
    is_complete = complete and _segment_follows(tail, complete.end(), complete[2], separator)
    is_shortened = shortened and _segment_follows(tail, shortened.end(), shortened[1], separator)
    if is_shortened and (not is_complete or _ends_next_line(shortened[1], tail)):
        return "", shortened[1]
    if complete and (is_complete or has_fixed_width):
        return complete[1], complete[2]
    return "", ""


def _segment_follows(tail: str, position: int, terminator: str, separator: str) -> bool:
    """Tell whether a segment, or nothing, stands behind blanks and further terminators."""
    rest = tail[position:].lstrip(f" \t\r\n{terminator}")
    return not rest or re.match(rf"[A-Z][A-Z0-9]{{1,2}}{re.escape(separator)}", rest) is not None


def _ends_next_line(character: str, tail: str) -> bool:
    """Tell whether the line behind the header ends with what looked like its component separator."""
    lines = re.split(r"[\r\n]+", tail)
    return len(lines) > 1 and lines[1].endswith(character)


def _from_bare_segments(text: str, offset: int, findings: list[Finding]) -> Delimiters:
    """Infer the delimiters of a file whose interchange header is missing.

    The last element of GS and the elements of ST hold letters and digits only, so the character behind
    them that is followed by a further segment is the terminator.
    """
    separator = text[2]
    sep = re.escape(separator)
    any_element = rf"{sep}[^{sep}]*"
    first = rf"GS(?:{any_element}){{7}}{sep}[A-Za-z0-9]*|ST{sep}[0-9]{{3}}(?:{sep}[A-Za-z0-9]+){{1,2}}"
    match = re.match(rf"(?:{first})\r?([^{_DATA}])[{_BLANK}]*[A-Z][A-Z0-9]{{1,2}}{sep}", text)
    if not match:
        raise _not_x12(text.encode("latin-1"), offset)
    findings.append(
        Finding(
            code="x12.interchange_missing",
            message="The file has no interchange envelope: sender, receiver and test indicator are unknown",
            location=f"byte {offset}",
            expected="ISA",
            found=text[:2],
            remedy="Ask the sender for the complete file, from ISA to IEA",
        )
    )
    return Delimiters(separator, DEFAULT_COMPONENT, match[1])


def _can_delimit(character: str) -> bool:
    return len(character) == 1 and character.isascii() and not character.isalnum() and character not in " \t"


def _not_x12(data: bytes, offset: int) -> DocumentError:
    found = next((name for magic, name in _FOREIGN_FORMATS if data.startswith(magic)), "")
    return DocumentError(
        code="x12.not_x12",
        message="The file is not an X12 interchange",
        location=f"byte {offset}",
        expected="ISA",
        found=found or ("other text" if data[:64].isascii() and b"\0" not in data[:64] else "binary data"),
        remedy="Check whether the file belongs to this flow, and whether it must be decrypted or unpacked",
    )


def _malformed(location: str, found: str) -> DocumentError:
    return DocumentError(
        code="x12.isa_malformed",
        message="The interchange header is damaged: its delimiters cannot be determined",
        location=location,
        expected="16 elements, a terminator and a further segment",
        found=found,
        remedy=_RESEND,
    )


def _byte_order_mark(offset: int) -> Finding:
    return Finding(
        code="x12.byte_order_mark",
        message="The file starts with a byte order mark, which was skipped",
        location=f"byte {offset}",
        expected="ISA",
        found="EF BB BF",
        remedy="None needed; the sender saved the file with a text editor",
        severity="warning",
    )


def _component_missing(location: str) -> Finding:
    return Finding(
        code="x12.component_separator_missing",
        message=f"ISA16 is missing; {DEFAULT_COMPONENT} is taken as the component separator",
        location=f"{location}, ISA16",
        expected="one character",
        found="nothing",
        remedy="Tell the sender; composite elements may be read wrongly",
        severity="warning",
    )


def _wrong_width(location: str, width: int) -> Finding:
    return Finding(
        code="x12.isa_width",
        message="The interchange header does not have its fixed width; it was read by its separators",
        location=location,
        expected="elements of 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1 and 1 characters",
        found=f"{width} bytes, the terminator not counted",
        remedy="None needed; tell the sender",
        severity="warning",
    )
