"""The closed set of transforms, each with what it reads and what it refuses."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.formats.date_patterns import InvalidValue
from odoo.addons.healthcare_integration_base.formats.mapping import Rule, check_line
from odoo.addons.healthcare_integration_base.formats.mapping.transforms import TRANSFORMS
from odoo.addons.healthcare_integration_base.formats.value_types import VALUE_TYPES

MOMENT = datetime.datetime(2026, 1, 31, 20, 5)


def convert(value, transform, argument=""):
    TRANSFORMS[transform].check_argument(argument)
    return TRANSFORMS[transform].make(argument)(value)


@pytest.mark.parametrize(
    ("transform", "argument", "value", "expected"),
    [
        ("text", "", Decimal("1E+2"), "100"),
        ("text", "", True, "true"),
        ("text", "", False, "false"),
        ("text", "", None, ""),
        ("text", "", MOMENT, "2026-01-31T20:05:00"),
        ("upper", "", " ab ", "AB"),
        ("lower", "", "AB", "ab"),
        ("digits", "", "12-3456789", "123456789"),
        ("strip_zeros", "", "00120", "120"),
        ("strip_zeros", "", "000", "0"),
        ("pad_zeros", "5", "42", "00042"),
        ("at_most", "2", " ab ", "ab"),
        ("cut", "3", "ab cd", "ab"),
        ("integer", "", "-007", -7),
        ("integer", "", 12, 12),
        ("integer", "", Decimal("2.0"), 2),
        ("decimal", "", ".5", Decimal("0.5")),
        ("decimal", "", "100.", Decimal("100")),
        ("decimal", "", 3, Decimal("3")),
        ("decimal", "", 0.1, Decimal("0.1")),
        ("decimal", ",", "1.234,50", Decimal("1234.50")),
        ("negate", "", "1.50", Decimal("-1.50")),
        ("negate", "", "0", Decimal("0")),
        ("implied_decimal", "2", "12345", Decimal("123.45")),
        ("implied_decimal", "2", "-5", Decimal("-0.05")),
        ("implied_decimal", "2", "1" * 38, Decimal("1" * 36 + ".11")),
        ("date", "", "2026-02-28", datetime.date(2026, 2, 28)),
        ("date", "MM/DD/YYYY", "02/28/2026", datetime.date(2026, 2, 28)),
        ("date", "YYMMDD", "260228", datetime.date(2026, 2, 28)),
        ("date", "YYMMDD", "690228", datetime.date(1969, 2, 28)),
        ("date", "YYYYMMDD", 20260228, datetime.date(2026, 2, 28)),
        ("datetime", "", "2026-01-31T14:05:00Z", datetime.datetime(2026, 1, 31, 14, 5)),
        ("datetime", "", "2026-01-31T14:05:00-06:00", MOMENT),
        ("datetime", "", "2026-01-31 14:05-0600", MOMENT),
        ("datetime", "", "2026-01-31T14:05:00.25", datetime.datetime(2026, 1, 31, 14, 5, 0, 250_000)),
        ("datetime", "YYYYMMDDHHmm", "202601311405", datetime.datetime(2026, 1, 31, 14, 5)),
        ("datetime", "YYYYMMDDTHHmm@America/Chicago", "20260131T1405", MOMENT),
        ("boolean", "", "Y", True),
        ("boolean", "A,ACTIVE/I", "i", False),
        ("first", "", ["x", "y"], "x"),
        ("last", "", ["x", "y"], "y"),
        ("join", "", ["x", " y "], "x y"),
        ("split", ";", "a; b;", ["a", "b"]),
        ("count", "", ["a", "b"], 2),
        ("write_decimal", ",", Decimal("-1.50"), "-1,50"),
        ("write_implied_decimal", "2", Decimal("1.5"), "150"),
        ("write_implied_decimal", "2", Decimal("1" * 36 + ".11"), "1" * 38),
        ("write_date", "YYMMDD", datetime.date(2026, 2, 3), "260203"),
        ("write_date", "", datetime.date(26, 2, 3), "0026-02-03"),
        ("write_datetime", "YYYYMMDDHHmm@America/Chicago", MOMENT, "202601311405"),
        ("write_datetime", "", MOMENT, "2026-01-31T20:05:00Z"),
        ("write_boolean", "A,ACTIVE/I", True, "A"),
        ("write_integer", "", 7, "7"),
    ],
)
def test_transforms(transform, argument, value, expected):
    result = convert(value, transform, argument)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("transform", "argument", "value"),
    [
        ("text", "", {"a": 1}),
        ("integer", "", "1.0"),
        ("integer", "", "١٢"),
        ("integer", "", True),
        ("integer", "", "9" * 39),
        ("integer", "", "9" * 5_000),
        ("integer", "", 10**38),
        ("integer", "", Decimal("1E999999")),
        ("decimal", "", "1,5"),
        ("decimal", "", "1e5"),
        ("decimal", "", "NaN"),
        ("decimal", "", "Infinity"),
        ("decimal", "", Decimal("NaN")),
        ("decimal", "", Decimal("sNaN")),
        ("decimal", "", Decimal("1E999999")),
        ("decimal", "", Decimal("1E-999999")),
        ("decimal", "", float("inf")),
        ("decimal", "", True),
        ("decimal", "", "."),
        ("text", "", Decimal("1E999999")),
        ("implied_decimal", "2", "1.5"),
        ("write_implied_decimal", "2", Decimal("1.555")),
        ("write_date", "YYMMDD", datetime.date(1960, 1, 1)),
        ("write_date", "", "2026-01-01"),
        ("at_most", "2", "abc"),
        ("date", "YYYYMMDD", "2026111"),
        ("date", "YYYYMMDD", "20260230"),
        ("date", "YYYYMMDD", "2026-01-31"),
        ("date", "", True),
        ("datetime", "", "yesterday"),
        ("datetime", "", "0001-01-01T00:00:00+10:00"),
        ("datetime", "", "2026-13-01T00:00:00"),
        ("datetime", "", "2026-01-01T00:00:00+99:99"),
        ("datetime", "YYYYMMDDHHmm@America/Chicago", "202603080230"),
        ("boolean", "", "maybe"),
        ("boolean", "", 2),
    ],
)
def test_what_is_not_certain_is_refused(transform, argument, value):
    with pytest.raises(InvalidValue) as caught:
        convert(value, transform, argument)
    assert caught.value.expected


@pytest.mark.parametrize(
    ("transform", "argument"),
    [
        ("copy", "argument"),
        ("decimal", ";"),
        ("implied_decimal", ""),
        ("implied_decimal", "-2"),
        ("implied_decimal", "99"),
        ("implied_decimal", "9" * 5_000),
        ("date", "yyyymmdd"),
        ("date", "YYYYMM"),
        ("date", "YYYYMMDD%f"),
        ("date", "YYYYMMDDDD"),
        ("datetime", "YYYYMMDD@Mars/Olympus"),
        ("datetime", "YYYYMMDD@../../etc/passwd"),
        ("boolean", "Y"),
        ("boolean", "Y/Y"),
        ("boolean", "Y/y"),
        ("split", ""),
        ("pad_zeros", "0"),
        ("cut", "x"),
    ],
)
def test_an_argument_that_cannot_work_is_refused(transform, argument):
    with pytest.raises(ValueError, match=r"\w+ .*\."):
        check_line(Rule("a", "b", transform, argument))


amounts = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)
dates = st.dates()
moments = st.datetimes().map(lambda moment: moment.replace(microsecond=0, fold=0))
TYPED = {
    ("text", ""): st.text(max_size=10).map(str.strip),
    ("integer", ""): st.integers(-(10**38) + 1, 10**38 - 1),
    ("decimal", ""): amounts,
    ("decimal", ","): amounts,
    ("implied_decimal", "4"): amounts,
    ("date", ""): dates,
    ("date", "DD.MM.YYYY"): dates,
    ("date", "YYMMDD"): st.dates(datetime.date(1969, 1, 1), datetime.date(2068, 12, 31)),
    ("datetime", ""): st.datetimes(),
    ("datetime", "YYYYMMDDHHmmss"): moments,
    ("boolean", ""): st.booleans(),
    ("boolean", "A,ACTIVE/I"): st.booleans(),
}


@pytest.mark.parametrize("type_and_argument", TYPED, ids=str)
@given(data=st.data())
def test_what_is_written_is_read(type_and_argument, data):
    name, argument = type_and_argument
    value = data.draw(TYPED[type_and_argument])
    text = VALUE_TYPES[name].formatter(argument)(value)
    assert isinstance(text, str)
    read = VALUE_TYPES[name].parser(argument)(text)
    assert read == value
    assert type(read) is VALUE_TYPES[name].python_type
