"""The closed set of transforms that a mapping line can name. Pure Python.

A transform is made once for its argument, then called for every value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ..date_patterns import InvalidValue
from ..value_types import VALUE_TYPES, check_number, no_argument, plain_text, to_decimal

GROUP = "group"
_LONGEST_TEXT = 1_000
_NOT_DIGITS = re.compile("[^0-9]")

Convert = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Transform:
    """A named transform.

    :ivar label: what a person chooses
    :ivar result: type of what it returns: a key of ``VALUE_TYPES``, ``list``, or ``any``
    :ivar check_argument: raises ValueError with a sentence when the argument is not usable
    :ivar make: ``argument -> (value -> value)``; that raises InvalidValue
    """

    label: str
    result: str
    check_argument: Callable[[str], None]
    make: Callable[[str], Convert]


def _always(convert: Convert) -> Callable[[str], Convert]:
    return lambda _argument: convert


def _any_text(argument: str) -> None:
    """Every text will do."""


def _some_text(argument: str) -> None:
    if not argument:
        raise ValueError("The argument is the text between the items.")


def _check_length(argument: str) -> None:
    check_number(argument, 1, _LONGEST_TEXT, "the number of characters")


def _upper(value: object) -> str:
    return plain_text(value).upper()


def _lower(value: object) -> str:
    return plain_text(value).lower()


def _digits(value: object) -> str:
    return _NOT_DIGITS.sub("", plain_text(value))


def _strip_zeros(value: object) -> str:
    text = plain_text(value)
    return text.lstrip("0") or text[:1]


def _pad_zeros(length: str) -> Convert:
    return lambda value: plain_text(value).zfill(int(length))


def _at_most(length: str) -> Convert:
    def check(value: object) -> str:
        text = plain_text(value)
        if len(text) > int(length):
            raise InvalidValue(f"at most {length} characters")
        return text

    return check


def _cut(length: str) -> Convert:
    return lambda value: plain_text(value)[: int(length)].rstrip()


def _negate(value: object) -> Decimal:
    # an operator would round to the precision of the context
    number = to_decimal(value)
    return number.copy_negate() if number else number


def _first(value: object) -> object:
    return value[0] if isinstance(value, (list, tuple)) and value else value


def _last(value: object) -> object:
    return value[-1] if isinstance(value, (list, tuple)) and value else value


def _items(value: object) -> list | tuple:
    return value if isinstance(value, (list, tuple)) else [value]


def _join(between: str) -> Convert:
    return lambda value: (between or " ").join(text for item in _items(value) if (text := plain_text(item)))


def _split(between: str) -> Convert:
    return lambda value: [text for part in plain_text(value).split(between) if (text := part.strip())]


def _count(value: object) -> int:
    return len(_items(value))


def _parsers() -> dict[str, Transform]:
    return {
        name: Transform(value_type.label, name, value_type.check_argument, value_type.parser)
        for name, value_type in VALUE_TYPES.items()
    }


def _formatters() -> dict[str, Transform]:
    return {
        f"write_{name}": Transform(
            f"{value_type.label} as text", "text", value_type.check_argument, value_type.formatter
        )
        for name, value_type in VALUE_TYPES.items()
        if name != "text"
    }


TRANSFORMS: dict[str, Transform] = {
    "copy": Transform("As it is", "any", no_argument, _always(lambda value: value)),
    GROUP: Transform("Repeated group", "list", no_argument, _always(lambda value: value)),
    **_parsers(),
    "upper": Transform("Upper case", "text", no_argument, _always(_upper)),
    "lower": Transform("Lower case", "text", no_argument, _always(_lower)),
    "digits": Transform("Digits only", "text", no_argument, _always(_digits)),
    "strip_zeros": Transform("Without leading zeros", "text", no_argument, _always(_strip_zeros)),
    "pad_zeros": Transform("With leading zeros", "text", _check_length, _pad_zeros),
    "at_most": Transform("Text of limited length", "text", _check_length, _at_most),
    "cut": Transform("First characters of the text", "text", _check_length, _cut),
    "negate": Transform("Decimal number, sign changed", "decimal", no_argument, _always(_negate)),
    "first": Transform("First of a list", "any", no_argument, _always(_first)),
    "last": Transform("Last of a list", "any", no_argument, _always(_last)),
    "join": Transform("Joined list", "text", _any_text, _join),
    "split": Transform("Split text", "list", _some_text, _split),
    "count": Transform("Number of items", "integer", no_argument, _always(_count)),
    **_formatters(),
}
