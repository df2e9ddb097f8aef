"""Finds the records in a JSON answer and hands them out as the bytes that they are in it.

Reading a record and writing it again would change it: numbers lose their zeros, keys may be repeated. So
the text itself is cut. Places are JSON pointers (RFC 6901), such as ``/data/items``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_decoder = json.JSONDecoder(parse_float=str, parse_int=str)


def parse_pointer(text: str) -> str:
    """Return the pointer; :raises ValueError: when it is none."""
    if text and not text.startswith("/"):
        raise ValueError(text)
    return text


def value_at(document: Any, pointer: str) -> Any:
    """Return what a pointer leads to in a parsed document, None when there is nothing."""
    for name in _names(pointer):
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isascii() and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document


def parse(text: str) -> Any:
    """Return a parsed document, its numbers as text; :raises ValueError: when it is not JSON."""
    try:
        document, end = _decoder.raw_decode(text, _skip(text, 0))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _skip(text, end) != len(text):
        raise ValueError("more than one document")
    return document


def records(text: str, pointer: str) -> list[str]:
    """Return the texts of the elements of the array that a pointer leads to.

    :raises ValueError: when the text is not JSON; ``LookupError`` when there is no array at the pointer
    """
    parse(text)
    position = _skip(text, 0)
    for name in _names(pointer):
        position = _member(text, position, name)
    if text[position : position + 1] != "[":
        raise LookupError(pointer)
    return [text[start:end] for start, end in _elements(text, position)]


def _names(pointer: str) -> list[str]:
    return [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]


def _member(text: str, position: int, name: str) -> int:
    """Return where the value of a member begins; of a repeated name the last, as parsers have it."""
    if text[position : position + 1] != "{":
        raise LookupError(name)
    found = -1
    position = _skip(text, position + 1)
    while text[position] != "}":
        key, position = _decoder.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)  # over the colon
        if key == name:
            found = position
        position = _after_value(text, position)
    if found < 0:
        raise LookupError(name)
    return found


def _elements(text: str, position: int) -> Iterator[tuple[int, int]]:
    """Yield where the elements of the array at ``position`` begin and end."""
    position = _skip(text, position + 1)
    while text[position] != "]":
        _value, end = _decoder.raw_decode(text, position)
        yield position, end
        position = _after_comma(text, end)


def _after_value(text: str, position: int) -> int:
    return _after_comma(text, _decoder.raw_decode(text, position)[1])


def _after_comma(text: str, position: int) -> int:
    position = _skip(text, position)
    return _skip(text, position + 1) if text[position] == "," else position


def _skip(text: str, position: int) -> int:
    return _SPACE.match(text, position).end()
