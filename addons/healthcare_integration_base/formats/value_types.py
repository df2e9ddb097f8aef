"""The types of single values: how each is read from text and written as text. Pure Python.

A parser takes text, or a value that is already typed; a formatter takes the typed value. Both are made once
for an argument (a date's pattern, a number's decimals) and then called for every value. Numbers are ASCII
digits without exponents, of at most ``MAX_DIGITS``; dates follow a pattern (``formats/date_patterns.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal

from .date_patterns import (
    InvalidValue,
    check_date_pattern,
    check_datetime_argument,
    date_formatter,
    date_parser,
    datetime_formatter,
    datetime_parser,
)
from .limits import MAX_DIGITS

INTEGER = re.compile(rf"[+-]?[0-9]{{1,{MAX_DIGITS}}}")
DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
TRUE_WORDS = ("true", "1", "y", "yes", "t")
FALSE_WORDS = ("false", "0", "n", "no", "f")
_match_integer, _match_decimal = INTEGER.fullmatch, DECIMAL.fullmatch
_BEYOND = 10**MAX_DIGITS
# the usual context would round what is longer than 28 digits
_EXACT = Context(prec=2 * MAX_DIGITS)

Parser = Callable[[object], object]
Formatter = Callable[[object], str]


@dataclass(frozen=True, slots=True)
class ValueType:
    """A named type of single values.

    :ivar label: what a person chooses
    :ivar python_type: of the parsed value
    :ivar check_argument: raises ValueError with a sentence when the argument is not usable
    :ivar parser: ``argument -> (value -> typed value)``; that raises InvalidValue
    :ivar formatter: ``argument -> (typed value -> text)``; that raises InvalidValue
    """

    label: str
    python_type: type
    check_argument: Callable[[str], None]
    parser: Callable[[str], Parser]
    formatter: Callable[[str], Formatter]


def plain_text(value: object) -> str:
    """Return a single value as text without blanks around it.

    :raise InvalidValue: for lists, mappings and records, and for numbers that are none or too long
    """
    if type(value) is str:
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Decimal, float)):
        return f"{to_decimal(value):f}"
    if isinstance(value, int):
        return str(to_integer(value))
    if isinstance(value, str):
        return str(value).strip()
    if isinstance(value, date):
        return value.isoformat()
    if value is None:
        return ""
    raise InvalidValue("a single value")


def to_integer(value: object) -> int:
    """Return a whole number from text or a number."""
    if type(value) is int and -_BEYOND < value < _BEYOND:
        return value
    if isinstance(value, str):
        text = value.strip()
        if _match_integer(text):
            return int(text)
    elif isinstance(value, (Decimal, float)) and (number := to_decimal(value)) == number.to_integral_value():
        return int(number)
    raise InvalidValue(f"a whole number of at most {MAX_DIGITS} digits")


def to_decimal(value: object) -> Decimal:
    """Return a decimal from text with a decimal dot, or from a number; a float is read as it is printed."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= MAX_DIGITS + 2 and _match_decimal(text):
            number = Decimal(text)
            if len(text) <= MAX_DIGITS or is_short(number):
                return number
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        number = value if isinstance(value, Decimal) else _exact(value)
        if number is not None and number.is_finite() and is_short(number):
            return number
    raise InvalidValue(f"a number with the decimal sign . of at most {MAX_DIGITS} digits")


def _exact(value: int | float) -> Decimal | None:
    if isinstance(value, int):
        return Decimal(value) if -_BEYOND < value < _BEYOND else None
    return Decimal(repr(value))


def is_short(number: Decimal) -> bool:
    """Tell whether a finite number, written out without exponent, has at most ``MAX_DIGITS`` digits."""
    exponent = number.as_tuple().exponent
    return max(number.adjusted(), 0) + 1 - min(exponent, 0) <= MAX_DIGITS


def _decimal_parser(sign: str) -> Parser:
    """With the argument "," the comma is the decimal sign and the dot groups digits."""
    if sign != ",":
        return to_decimal

    def parse(value: object) -> Decimal:
        if not isinstance(value, str):
            return to_decimal(value)
        try:
            return to_decimal(
                value.replace(".", "").replace(",", ".") if "," in value else value.replace(".", "")
            )
        except InvalidValue as error:
            raise InvalidValue(error.expected.replace("sign .", "sign ,")) from None

    return parse


def _decimal_formatter(sign: str) -> Formatter:
    return lambda value: f"{to_decimal(value):f}".replace(".", sign or ".")


def _implied_parser(places: str) -> Parser:
    """Digits whose last ones are decimals: 12345 with the argument 2 is 123.45."""
    shift = -int(places)

    def parse(value: object) -> Decimal:
        try:
            number = to_integer(value)
        except InvalidValue:
            raise InvalidValue(f"at most {MAX_DIGITS} digits without a decimal sign") from None
        return Decimal(number).scaleb(shift, _EXACT)

    return parse


def _implied_formatter(places: str) -> Formatter:
    def write(value: object) -> str:
        scaled = to_decimal(value).scaleb(int(places), _EXACT)
        if scaled != scaled.to_integral_value():
            raise InvalidValue(f"a number of at most {places} decimals")
        return str(int(scaled))

    return write


def boolean_words(argument: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts for yes and for no of an argument such as ``A,ACTIVE/I,INACTIVE``."""
    if not argument:
        return TRUE_WORDS, FALSE_WORDS
    true_part, _, false_part = argument.partition("/")
    return tuple(map(str.strip, true_part.split(","))), tuple(map(str.strip, false_part.split(",")))


def _boolean_parser(argument: str) -> Parser:
    true_words, false_words = boolean_words(argument)
    meanings = {word.lower(): False for word in false_words} | {word.lower(): True for word in true_words}
    expected = f"one of {', '.join((*true_words, *false_words))}"

    def parse(value: object) -> bool:
        if value is True or value is False:
            return value
        meaning = meanings.get(plain_text(value).lower())
        if meaning is None:
            raise InvalidValue(expected)
        return meaning

    return parse


def _boolean_formatter(argument: str) -> Formatter:
    words = [part[0] for part in boolean_words(argument)]
    parse = _boolean_parser(argument)
    return lambda value: words[0] if parse(value) else words[1]


def no_argument(argument: str) -> None:
    if argument:
        raise ValueError("This choice takes no argument.")


def _check_sign(argument: str) -> None:
    if argument not in ("", ".", ","):
        raise ValueError("The argument is the decimal sign: a dot or a comma.")


def check_number(argument: str, least: int, most: int, meaning: str) -> None:
    """:raise ValueError: if the argument is not a number in those bounds"""
    if not (
        argument.isascii() and argument.isdigit() and len(argument) < 9 and least <= int(argument) <= most
    ):
        raise ValueError(f"The argument is {meaning}, from {least} to {most}.")


def _check_places(argument: str) -> None:
    check_number(argument, 0, 12, "the number of decimals")


def _check_words(argument: str) -> None:
    true_words, false_words = boolean_words(argument.lower())
    if not all(true_words) or not all(false_words) or set(true_words) & set(false_words):
        raise ValueError("List the texts for yes, a slash and the texts for no, as in A,ACTIVE/I,INACTIVE.")


VALUE_TYPES: dict[str, ValueType] = {
    "text": ValueType("Text", str, no_argument, lambda _argument: plain_text, lambda _argument: plain_text),
    "integer": ValueType(
        "Whole number",
        int,
        no_argument,
        lambda _argument: to_integer,
        lambda _argument: lambda value: str(to_integer(value)),
    ),
    "decimal": ValueType("Decimal number", Decimal, _check_sign, _decimal_parser, _decimal_formatter),
    "implied_decimal": ValueType(
        "Number with implied decimals", Decimal, _check_places, _implied_parser, _implied_formatter
    ),
    "date": ValueType("Date", date, check_date_pattern, date_parser, date_formatter),
    "datetime": ValueType(
        "Date and time", datetime, check_datetime_argument, datetime_parser, datetime_formatter
    ),
    "boolean": ValueType("Yes or no", bool, _check_words, _boolean_parser, _boolean_formatter),
}
