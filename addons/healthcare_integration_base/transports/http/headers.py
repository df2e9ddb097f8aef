"""Header names and values: what may be sent, and what is said of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..settings import ConfigurationError

_LONGEST_SHOWN = 80
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# made by the connection itself: a second one would let the two sides see different messages
_RESERVED = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what could begin another header or another request.

    :raises ConfigurationError: code ``http.header``; the value is never shown, it may be a secret
    """
    for name, value in headers.items():
        if problem := header_problem(name, value):
            raise ConfigurationError(
                code="http.header",
                message="A header cannot be sent",
                location=_shown(name),
                expected="a header of one line, in Latin letters",
                found=problem,
                remedy="Correct the header, or the credential or name that it is made of.",
                subject=_shown(name),
            )


def _shown(name: str) -> str:
    """Return a name as it may stand in a log: a bad one can hold line breaks, or a value that slipped in."""
    if not _NAME.fullmatch(name):
        return "(name not shown)"
    return name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."


def header_problem(name: str, value: str) -> str:
    """Return why a header cannot be sent; empty when it can."""
    if not _NAME.fullmatch(name):
        return "a name with characters that are not allowed"
    if any(character != "\t" and (ord(character) < 32 or ord(character) == 127) for character in value):
        return "a value with a line break or another control character"
    if any(ord(character) > 255 for character in value):
        return "a value with characters beyond Latin-1"
    if value != value.strip():
        return "a value that begins or ends with a space"
    return ""


def parse_header_lines(text: str) -> tuple[tuple[str, str], ...]:
    """Return ``(name, value)`` of lines such as ``Accept: application/json``.

    :raises ValueError: naming the line that is no header, by its number
    """
    headers = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or header_problem(name, value) or name.lower() in _RESERVED:
            raise ValueError(f"line {number}")
        headers.append((name, value))
    return tuple(headers)
