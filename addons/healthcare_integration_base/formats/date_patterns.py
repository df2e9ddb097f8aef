"""Dates and times by a pattern of YYYY, YY, MM, DD, HH, mm, ss and signs between them (T is one).

Two digits of a year are 1969 to 2068. A time is kept as naive UTC; its pattern may name a zone:
``YYYYMMDDHHmm@America/Chicago``. Without a pattern a date is ``YYYY-MM-DD`` and a time ISO 8601, where a
time without an offset is UTC. An hour that the clock repeats is read as the first, one that it leaves out is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

DIGITS = {"YYYY": 4, "YY": 2, "MM": 2, "DD": 2, "HH": 2, "mm": 2, "ss": 2}
DEFAULT_DATE = "YYYY-MM-DD"
_TOKEN = re.compile("YYYY|YY|MM|DD|HH|mm|ss|[A-SU-Za-z%]")
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?([zZ]|[+-]\d\d:?\d\d)?", re.ASCII
)
_ISO_EXPECTED = "a time as in 2026-01-31T14:05:00+00:00"
_FIRST_SHORT_YEAR = 1969
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


class InvalidValue(Exception):
    """A value that cannot be read or written; ``expected`` says in words what was asked for."""

    def __init__(self, expected: str):
        super().__init__(expected)
        self.expected = expected


def check_date_pattern(pattern: str) -> None:
    """:raise ValueError: a sentence that says what is wrong with the pattern; an empty one is the default"""
    _check_tokens(pattern or DEFAULT_DATE)


def check_datetime_argument(argument: str) -> None:
    """:raise ValueError: if the pattern or the zone is not usable"""
    if not argument:
        return
    pattern, zone = _split_zone(argument)
    _check_tokens(pattern)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{zone} is not a time zone.") from error


def _check_tokens(pattern: str) -> None:
    tokens = _TOKEN.findall(pattern)
    if unknown := [token for token in tokens if token not in DIGITS]:
        raise ValueError(f"A date pattern knows {', '.join(DIGITS)}, not {unknown[0]}.")
    if len(tokens) != len(set(tokens)):
        raise ValueError("A date pattern names each part once.")
    if not {"MM", "DD"} <= set(tokens) or len({"YYYY", "YY"} & set(tokens)) != 1:
        raise ValueError("A date pattern needs a year, MM and DD.")


def date_parser(pattern: str) -> Callable[[object], date]:
    read = _pattern_reader(pattern or DEFAULT_DATE)

    def parse(value: object) -> date:
        if isinstance(value, str):
            return read(value.strip()).date()
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if type(value) is int:
            return read(str(value) if 0 <= value < 10**8 else "").date()
        raise InvalidValue(f"a date like {pattern or DEFAULT_DATE}")

    return parse


def date_formatter(pattern: str) -> Callable[[object], str]:
    write = _pattern_writer(pattern or DEFAULT_DATE)

    def format_date(value: object) -> str:
        if not isinstance(value, date):
            raise InvalidValue("a date")
        return write(value)

    return format_date


def datetime_parser(argument: str) -> Callable[[object], datetime]:
    read = _zoned_reader(argument) if argument else _read_iso

    def parse(value: object) -> datetime:
        if isinstance(value, str):
            return read(value.strip())
        if isinstance(value, datetime):
            return _as_utc(value)
        raise InvalidValue(f"a time like {argument}" if argument else _ISO_EXPECTED)

    return parse


def datetime_formatter(argument: str) -> Callable[[object], str]:
    if not argument:
        return lambda value: _moment(value).isoformat() + "Z"
    pattern, zone = _split_zone(argument)
    write, zone_info = _pattern_writer(pattern), ZoneInfo(zone)

    def format_datetime(value: object) -> str:
        try:
            return write(_moment(value).replace(tzinfo=timezone.utc).astimezone(zone_info))
        except OverflowError:
            raise InvalidValue("a time that the zone's calendar holds") from None

    return format_datetime


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise InvalidValue("a date and time")
    return _as_utc(value)


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise InvalidValue("a time between the years 1 and 9999 in UTC") from None


def _split_zone(argument: str) -> tuple[str, str]:
    pattern, _, zone = argument.partition("@")
    return pattern.strip(), zone.strip() or "UTC"


def local_time_parser(pattern: str) -> Callable[[object], datetime]:
    """Return a reader of times that are naive where they do not tell their offset: who reads knows the zone.

    :param pattern: without a zone; empty: ISO 8601, or whole seconds since 1970. A datetime is naive UTC
    """
    read = _pattern_reader(pattern) if pattern else _read_iso_as_told
    expected = f"a time like {pattern}" if pattern else f"{_ISO_EXPECTED}, or seconds since 1970"

    def parse(value: object) -> datetime:
        moment = as_told(value)
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise InvalidValue(f"a year from {_FIRST_YEAR} to {_LAST_YEAR}")
        return moment

    def as_told(value: object) -> datetime:
        if isinstance(value, datetime):
            return value.replace(tzinfo=value.tzinfo or timezone.utc)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day)
        if type(value) is int and not pattern:
            return _of_seconds(value, expected)
        if isinstance(value, str) or type(value) is int:
            return read(str(value).strip())
        raise InvalidValue(expected)

    return parse


def _of_seconds(seconds: int, expected: str) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        raise InvalidValue(expected) from None


def _read_iso(text: str) -> datetime:
    moment = _read_iso_as_told(text)
    return _as_utc(moment.replace(tzinfo=moment.tzinfo or timezone.utc))


def _read_iso_as_told(text: str) -> datetime:
    match = _ISO.fullmatch(text)
    if not match:
        raise InvalidValue(_ISO_EXPECTED)
    *numbers, fraction, offset = match.groups()
    try:
        moment = datetime(*(int(number or 0) for number in numbers), int((fraction or "").ljust(6, "0")))
        return moment.replace(tzinfo=_offset(offset) if offset else None)
    except ValueError:
        raise InvalidValue(_ISO_EXPECTED) from None


def _offset(text: str) -> timezone:
    if text in "zZ":
        return timezone.utc
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _zoned_reader(argument: str) -> Callable[[str], datetime]:
    pattern, zone = _split_zone(argument)
    read, zone_info = _pattern_reader(pattern), ZoneInfo(zone)

    def read_zoned(text: str) -> datetime:
        local = read(text)
        moment = _as_utc(local.replace(tzinfo=zone_info))
        if (
            zone != "UTC"
            and moment.replace(tzinfo=timezone.utc).astimezone(zone_info).replace(tzinfo=None) != local
        ):
            raise InvalidValue(f"a time that the clocks of {zone} show")
        return moment

    return read_zoned


def _pattern_reader(pattern: str) -> Callable[[str], datetime]:
    """Return a function that reads exactly the texts which the pattern would write."""
    tokens = [token for token in _TOKEN.findall(pattern) if token in DIGITS]
    literals = _TOKEN.split(pattern)
    expression = "".join(
        re.escape(literal) + (f"([0-9]{{{DIGITS[token]}}})" if token else "")
        for literal, token in zip(literals, [*tokens, ""], strict=True)
    )
    match_text = re.compile(expression).fullmatch
    parts = ("YYYY", "MM", "DD", "HH", "mm", "ss")
    order = [parts.index("YYYY" if token == "YY" else token) for token in tokens]
    is_short_year = "YY" in tokens
    expected = f"a date like {pattern}"

    def read(text: str) -> datetime:
        match = match_text(text)
        if not match:
            raise InvalidValue(expected)
        numbers = [0] * 6
        for index, digits in zip(order, match.groups(), strict=True):
            numbers[index] = int(digits)
        if is_short_year:
            numbers[0] += 1900 if numbers[0] >= _FIRST_SHORT_YEAR % 100 else 2000
        try:
            return datetime(*numbers)
        except ValueError:
            raise InvalidValue(expected) from None

    return read


def _pattern_writer(pattern: str) -> Callable[[date], str]:
    literals, tokens = _TOKEN.split(pattern), _TOKEN.findall(pattern)
    readers = {
        "YYYY": "year",
        "YY": "year",
        "MM": "month",
        "DD": "day",
        "HH": "hour",
        "mm": "minute",
        "ss": "second",
    }

    def write(value: date) -> str:
        if "YY" in tokens and not _FIRST_SHORT_YEAR <= value.year < _FIRST_SHORT_YEAR + 100:
            raise InvalidValue("a year from 1969 to 2068, as two digits can tell")
        texts = [
            f"{getattr(value, readers[token], 0) % 10 ** DIGITS[token]:0{DIGITS[token]}}" for token in tokens
        ]
        return "".join(literal + text for literal, text in zip(literals, [*texts, ""], strict=True))

    return write
