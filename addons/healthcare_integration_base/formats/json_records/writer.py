"""Writes canonical documents as JSON: decimals as exact numbers, dates and times as ISO 8601."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring

from ..date_patterns import InvalidValue, datetime_formatter
from ..limits import MAX_DEPTH
from ..text import encode
from ..value_types import to_decimal, to_integer
from .decoding import json_error

_write_datetime = datetime_formatter("")


def write_json(documents: Iterable[dict], record_path: str = "") -> Iterator[bytes]:
    """Yield a JSON document whose array at ``record_path`` (empty: the document itself) holds the documents.

    :raise DocumentError: if a value cannot be written
    """
    names = record_path.split(".") if record_path else []
    opening = "".join(f"{{{encode_basestring(name)}:" for name in names)
    return encode(_array(documents, opening, "}" * len(names)))


def write_json_lines(documents: Iterable[dict]) -> Iterator[bytes]:
    """Yield one line of JSON per document."""
    return encode(f"{_text(document, number)}\n" for number, document in enumerate(documents, 1))


def _array(documents: Iterable[dict], opening: str, closing: str) -> Iterator[str]:
    yield f"{opening}["
    between = "\n"
    for number, document in enumerate(documents, 1):
        yield between + _text(document, number)
        between = ",\n"
    yield f"\n]{closing}\n"


def _text(document: dict, number: int) -> str:
    try:
        return _value(document, 0)
    except InvalidValue as error:
        raise json_error(
            "value", "A value cannot be written as JSON.", error.expected, "another", f"record {number}"
        ) from None


def _value(value: object, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise InvalidValue(f"at most {MAX_DEPTH} levels")
    write = _WRITERS.get(type(value))
    if write:
        return write(value)
    if isinstance(value, dict):
        items = (f"{_name(name)}:{_value(item, depth + 1)}" for name, item in value.items())
        return f"{{{','.join(items)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(_value(item, depth + 1) for item in value)}]"
    raise InvalidValue("a text, number, date, yes or no, list or object")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise InvalidValue("names that are texts")
    return _string(name)


def _string(text: str) -> str:
    if "\0" in text:
        raise InvalidValue("a text without NUL")
    return encode_basestring(text)


_WRITERS: dict[type, Callable[[object], str]] = {
    type(None): lambda _value: "null",
    bool: lambda value: "true" if value else "false",
    str: _string,
    int: lambda value: str(to_integer(value)),
    float: lambda value: f"{to_decimal(value):f}",
    Decimal: lambda value: f"{to_decimal(value):f}",
    datetime: lambda value: f'"{_write_datetime(value)}"',
    date: lambda value: f'"{value.isoformat()}"',
}
