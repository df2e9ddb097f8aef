"""The closed set of transforms that a field mapping can name. Pure Python.

Each takes the source value and the rule's argument. Numbers are read in ASCII digits without exponents,
dates by a pattern of YYYY, YY, MM, DD, HH, mm, ss and signs between them (T is one).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

DIRECTIVES = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
PATTERN_TOKEN = re.compile("YYYY|YY|MM|DD|HH|mm|ss|[A-SU-Za-z%]")
INTEGER = re.compile(r"[+-]?[0-9]+")
DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
TRUE_WORDS = ("1", "y", "yes", "true", "t")
FALSE_WORDS = ("0", "n", "no", "false", "f")


class InvalidValue(Exception):
    """A value that a transform cannot read; ``expected`` says in words what it asks for."""

    def __init__(self, expected: str):
        super().__init__(expected)
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Transform:
    """A named transform.

    :ivar label: what a person chooses
    :ivar function: ``(value, argument) -> value``, raising InvalidValue
    :ivar check_argument: raises ValueError with a sentence when the argument is not usable
    """

    label: str
    function: Callable[[object, str], object]
    check_argument: Callable[[str], None]


def _copy(value: object, argument: str) -> object:
    return value


def _text(value: object, argument: str) -> str:
    if isinstance(value, (dict, list, tuple)):
        raise InvalidValue("a single value")
    return str(value).strip()


def _upper(value: object, argument: str) -> str:
    return _text(value, argument).upper()


def _lower(value: object, argument: str) -> str:
    return _text(value, argument).lower()


def _digits(value: object, argument: str) -> str:
    return re.sub("[^0-9]", "", _text(value, argument))


def _integer(value: object, argument: str) -> int:
    text = _text(value, argument)
    if isinstance(value, bool) or not INTEGER.fullmatch(text):
        raise InvalidValue("a whole number")
    return int(text)


def _decimal(value: object, argument: str) -> Decimal:
    """Read a decimal number; with the argument "," the comma is the decimal sign and the dot groups."""
    text = _text(value, argument)
    if argument == ",":
        text = text.replace(".", "").replace(",", ".")
    if isinstance(value, bool) or not DECIMAL.fullmatch(text):
        raise InvalidValue(f"a number with the decimal sign {argument or '.'}")
    return Decimal(text)


def _implied_decimal(value: object, argument: str) -> Decimal:
    """Read digits whose last ``argument`` digits are decimals: 12345 with 2 is 123.45."""
    text = _text(value, argument)
    if isinstance(value, bool) or not INTEGER.fullmatch(text):
        raise InvalidValue("digits without a decimal sign")
    return Decimal(text).scaleb(-int(argument))


def _date(value: object, argument: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return _parse(_text(value, argument), argument or "YYYY-MM-DD").date()


def _datetime(value: object, argument: str) -> datetime:
    """Read a time as naive UTC. The argument: a pattern and perhaps its zone (YYYYMMDDHHmm@America/Chicago).

    Without an argument the value is ISO 8601; without an offset or a zone it is UTC.
    """
    if isinstance(value, datetime):
        return _as_utc(value)
    text = _text(value, argument)
    if not argument:
        try:
            return _as_utc(datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text)))
        except ValueError as error:
            raise InvalidValue("a time as in 2026-01-31T14:05:00+00:00") from error
    pattern, zone = _split_zone(argument)
    return _as_utc(_parse(text, pattern).replace(tzinfo=ZoneInfo(zone)))


def _as_utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment


def _split_zone(argument: str) -> tuple[str, str]:
    pattern, _, zone = argument.partition("@")
    return pattern.strip(), zone.strip() or "UTC"


def _parse(text: str, pattern: str) -> datetime:
    directives = _directives(pattern)
    try:
        moment = datetime.strptime(text, directives)
    except ValueError as error:
        raise InvalidValue(f"a date like {pattern}") from error
    # strptime takes "2026111" for %Y%m%d; only a text that the pattern would write itself is certain
    if moment.strftime(directives) != text:
        raise InvalidValue(f"a date like {pattern}")
    return moment


def _directives(pattern: str) -> str:
    return PATTERN_TOKEN.sub(lambda match: DIRECTIVES[match.group()], pattern)


def _boolean(value: object, argument: str) -> bool:
    """Read a yes or no; the argument may list the texts for yes and for no, as in ``A,ACTIVE/I,INACTIVE``."""
    if isinstance(value, bool):
        return value
    text = _text(value, argument).lower()
    true_words, false_words = _boolean_words(argument)
    if text in true_words:
        return True
    if text in false_words:
        return False
    raise InvalidValue(f"one of {', '.join((*true_words, *false_words))}")


def _boolean_words(argument: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not argument:
        return TRUE_WORDS, FALSE_WORDS
    true_part, _, false_part = argument.lower().partition("/")
    return tuple(map(str.strip, true_part.split(","))), tuple(map(str.strip, false_part.split(",")))


def _join(value: object, argument: str) -> str:
    """Join the items of a list with the argument, or with a space."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return (argument or " ").join(text for item in items if (text := _text(item, "")))


def _first(value: object, argument: str) -> object:
    return value[0] if isinstance(value, (list, tuple)) and value else value


def _no_argument(argument: str) -> None:
    if argument:
        raise ValueError("This transform takes no argument.")


def _any_argument(argument: str) -> None:
    """Every text joins."""


def _decimal_sign(argument: str) -> None:
    if argument not in ("", ".", ","):
        raise ValueError("The argument is the decimal sign: a dot or a comma.")


def _decimal_places(argument: str) -> None:
    if not (argument.isascii() and argument.isdigit() and int(argument) <= 12):
        raise ValueError("The argument is the number of decimals, from 0 to 12.")


def _date_pattern(argument: str) -> None:
    pattern = argument or "YYYY-MM-DD"
    tokens = PATTERN_TOKEN.findall(pattern)
    if unknown := [token for token in tokens if token not in DIRECTIVES]:
        raise ValueError(f"A date pattern knows {', '.join(DIRECTIVES)}, not {unknown[0]}.")
    if len(tokens) != len(set(tokens)):
        raise ValueError("A date pattern names each part once.")
    if not {"MM", "DD"} <= set(tokens) or len({"YYYY", "YY"} & set(tokens)) != 1:
        raise ValueError("A date pattern needs a year, MM and DD.")


def _datetime_pattern(argument: str) -> None:
    if not argument:
        return
    pattern, zone = _split_zone(argument)
    _date_pattern(pattern)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{zone} is not a time zone.") from error


def _boolean_argument(argument: str) -> None:
    true_words, false_words = _boolean_words(argument)
    if not all(true_words) or not all(false_words) or set(true_words) & set(false_words):
        raise ValueError("List the texts for yes, a slash and the texts for no, as in A,ACTIVE/I,INACTIVE.")


TRANSFORMS: dict[str, Transform] = {
    "copy": Transform("As it is", _copy, _no_argument),
    "text": Transform("Text", _text, _no_argument),
    "upper": Transform("Upper case", _upper, _no_argument),
    "lower": Transform("Lower case", _lower, _no_argument),
    "digits": Transform("Digits only", _digits, _no_argument),
    "integer": Transform("Whole number", _integer, _no_argument),
    "decimal": Transform("Decimal number", _decimal, _decimal_sign),
    "implied_decimal": Transform("Number with implied decimals", _implied_decimal, _decimal_places),
    "date": Transform("Date", _date, _date_pattern),
    "datetime": Transform("Date and time", _datetime, _datetime_pattern),
    "boolean": Transform("Yes or no", _boolean, _boolean_argument),
    "first": Transform("First of a list", _first, _no_argument),
    "join": Transform("Joined list", _join, _any_argument),
}
