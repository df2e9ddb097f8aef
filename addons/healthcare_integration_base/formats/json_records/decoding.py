"""JSON as documents of business need it: numbers exact, keys unique, depth and sizes bounded."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation

from ...errors import DocumentError
from ..limits import MAX_DEPTH, MAX_DIGITS, MAX_RECORD_SIZE
from ..text import is_storable
from ..value_types import is_short

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_LONGEST_NUMBER = 2 * MAX_DIGITS


def json_error(code: str, message: str, expected: str, found: str, location: str = "") -> DocumentError:
    """Return an error of a JSON document, with the remedy that all of them have."""
    return DocumentError(
        code=f"json.{code}",
        message=message,
        location=location,
        expected=expected,
        found=found,
        remedy="Ask the sender for a corrected document.",
    )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _value in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise json_error("key_repeated", "An object has a key twice.", "each key once", ascii(repeated)[:60])
    return values


def _integer(text: str) -> int:
    if len(text.removeprefix("-")) > MAX_DIGITS:
        raise _too_long(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text) if len(text) <= _LONGEST_NUMBER else None
    except InvalidOperation:  # an exponent of more digits than Decimal has
        number = None
    if number is None or not is_short(number):
        raise _too_long(text)
    return number


def _too_long(text: str) -> DocumentError:
    return json_error(
        "number", "A number is too long.", f"at most {MAX_DIGITS} digits without exponent", text[:40]
    )


def _constant(name: str) -> None:
    raise json_error("number", "A number is none.", "a number", name)


DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)


def loads(text: str) -> object:
    """Return the value of a JSON text.

    :raise DocumentError: ``json.syntax``, ``json.key_repeated``, ``json.number``, ``json.too_deep``,
        ``json.text``
    """
    try:
        value = DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise syntax_error(error) from None
    except RecursionError:
        raise too_deep() from None
    check_value(text, value)
    return value


def syntax_error(error: json.JSONDecodeError, before: int = 0, location: str = "") -> DocumentError:
    """Describe what is no JSON; the text itself may be private."""
    place = f"character {before + error.pos + 1}"
    return json_error(
        "syntax", "This is no JSON.", "JSON as RFC 8259 has it", error.msg,
        f"{location}, {place}" if location else place,
    )  # fmt: skip


def too_deep() -> DocumentError:
    return json_error(
        "too_deep", "Objects and lists are nested too deep.", f"at most {MAX_DEPTH} levels", "more"
    )


def check_value(text: str, value: object) -> None:
    """Check the decoded value of a text for what the decoder lets pass: nesting, and texts that are none.

    :raise DocumentError: ``json.too_deep`` or ``json.text``
    """
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    if "\\u" in text:
        _check_texts(value)


def _check_depth(text: str) -> None:
    depth = 0
    for match in _BRACKETS.finditer(text):
        sign = text[match.start()]
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise too_deep()
        elif sign in "]}":
            depth -= 1


def _check_texts(value: object) -> None:
    if isinstance(value, str):
        if not is_storable(value):
            raise json_error(
                "text", "A text holds a character that is none.", "Unicode text", "NUL or half a pair"
            )
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_texts(name)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def too_large() -> DocumentError:
    return json_error("too_large", "A record is too large.", f"at most {MAX_RECORD_SIZE} characters", "more")
