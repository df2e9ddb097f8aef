import datetime
from decimal import Decimal

import pytest

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.x12 import (
    UnreadableValue,
    date_element,
    decimal_element,
    element,
    parse_date,
    parse_decimal,
    parse_period,
    parse_time,
    remembering,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("12.5", "12.5"),
        ("-12.50", "-12.50"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("12.", "12"),
        ("007", "7"),
        (" 12.5 ", "12.5"),
        ("12345678901234.1234", "12345678901234.1234"),
        ("-123456789012345678", "-123456789012345678"),
        ("0000000000000000000001", "1"),
    ],
)
def test_decimals(text, number):
    assert parse_decimal(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", ".", "1-", "--1", "1.2.3", "1,000.00", "+1", "1e5", "1E5", "1_000", "$5", "12O"),
        *(
            "NaN",
            "sNaN",
            "Infinity",
            "-inf",
            "١٢",
            "１２",
            "1 2",
            "0x10",
            "1234567890123456789",
            "0." + "0" * 18 + "1",
        ),
    ],
)
def test_what_is_no_decimal(text):
    with pytest.raises(UnreadableValue) as caught:
        parse_decimal(text)
    assert caught.value.code == "x12.decimal"


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("20260302", datetime.date(2026, 3, 2)),
        (" 20240229", datetime.date(2024, 2, 29)),
        ("260302", datetime.date(2026, 3, 2)),
        ("700101", datetime.date(1970, 1, 1)),
        ("691231", datetime.date(2069, 12, 31)),
    ],
)
def test_dates(text, date):
    assert parse_date(text) == date


@pytest.mark.parametrize(
    "text", ["", "2026-03-02", "20260230", "00000000", "2026030", "2026030x", "٢٠٢٦٠٣٠٢", "-2026030"]
)
def test_what_is_no_date(text):
    with pytest.raises(UnreadableValue) as caught:
        parse_date(text)
    assert caught.value.code == "x12.date"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("0630", datetime.time(6, 30)),
        ("235959", datetime.time(23, 59, 59)),
        ("2359595", datetime.time(23, 59, 59, 500_000)),
        ("23595907", datetime.time(23, 59, 59, 70_000)),
    ],
)
def test_times(text, time):
    assert parse_time(text) == time


@pytest.mark.parametrize("text", ["", "630", "2400", "0660", "06:30", "06301", "063000000"])
def test_what_is_no_time(text):
    with pytest.raises(UnreadableValue):
        parse_time(text)


def test_periods():
    assert parse_period("20260301-20260302") == (datetime.date(2026, 3, 1), datetime.date(2026, 3, 2))
    assert parse_period("20260301") == (datetime.date(2026, 3, 1), datetime.date(2026, 3, 1))


@pytest.mark.parametrize("text", ["", "20260302-20260301", "20260301-", "20260301-20260302-20260303"])
def test_what_is_no_period(text):
    with pytest.raises(UnreadableValue):
        parse_period(text)


def test_elements_beyond_the_end_are_empty():
    assert element(["BPR", "I"], 1) == "I"
    assert element(["BPR", "I"], 2) == ""


def test_typed_elements():
    segment = ["BPR", "I", "10.00", "20260302"]
    assert decimal_element(segment, 2, "") == 10
    assert date_element(segment, 3, "") == datetime.date(2026, 3, 2)


@pytest.mark.parametrize(("index", "found"), [(1, "a value that is longer than nee"[:30]), (5, "nothing")])
def test_unreadable_element_names_its_place(index, found):
    with pytest.raises(DocumentError) as caught:
        decimal_element(["BPR", "a value that is longer than needed"], index, "ST 0001, segment 2 (BPR)")
    error = caught.value
    assert (error.code, error.found) == ("x12.decimal", found)
    assert error.location == f"ST 0001, segment 2 (BPR), BPR{index:02}"
    assert error.expected and error.remedy


def test_values_are_remembered_up_to_the_limit():
    calls = []

    def parse(text):
        calls.append(text)
        return int(text)

    value = remembering(parse, {"": None}, limit=3)
    assert [value(text) for text in ("", "1", "2", "3", "1", "2", "3")] == [None, 1, 2, 3, 1, 2, 3]
    assert calls == ["1", "2", "3", "3"]


def test_unreadable_values_are_not_remembered():
    value = remembering(parse_decimal)
    for _ in range(2):
        with pytest.raises(UnreadableValue):
            value("x")
