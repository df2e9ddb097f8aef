"""The field mapping engine: paths, transforms, defaults, crosswalks, and what its errors say."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.errors import MappingError
from odoo.addons.healthcare_integration_base.formats.mapping import (
    MISSING,
    FieldRule,
    apply_mapping,
    check_rule,
    read_path,
)
from odoo.addons.healthcare_integration_base.formats.transforms import TRANSFORMS

CLAIM = {
    "payer": {"id": " 60054 ", "name": "Aetna"},
    "amount": "1203.50",
    "paid_on": "20260131",
    "lines": [{"code": "99213", "units": "1"}, {"code": "80053"}],
    "note": "",
}


def no_crosswalk(crosswalk, code):
    raise AssertionError(f"looked up {code} in {crosswalk}")


def map_value(source, transform="copy", argument="", **options):
    rule = FieldRule("value", "target", transform, argument, **options)
    check_rule(rule)
    return apply_mapping([rule], {"value": source}, no_crosswalk).get("target", MISSING)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("payer.name", "Aetna"),
        ("lines.1.code", "80053"),
        ("lines.*.code", ["99213", "80053"]),
        ("lines.*.units", ["1"]),
        ("lines.2.code", MISSING),
        ("lines.-1.code", MISSING),
        ("lines.*.nothing", MISSING),
        ("payer.name.first", MISSING),
        ("payer.nothing", MISSING),
    ],
)
def test_paths(path, expected):
    assert read_path(CLAIM, path) == expected


def test_a_document_becomes_typed_values():
    rules = [
        FieldRule("payer.id", "payer_ref", "text"),
        FieldRule("amount", "amount", "decimal"),
        FieldRule("paid_on", "date", "date", "YYYYMMDD"),
        FieldRule("lines.*.code", "codes", "join", ", "),
        FieldRule("", "origin", "text", default="file"),
    ]
    assert apply_mapping(rules, CLAIM, no_crosswalk) == {
        "payer_ref": "60054",
        "amount": Decimal("1203.50"),
        "date": datetime.date(2026, 1, 31),
        "codes": "99213, 80053",
        "origin": "file",
    }


@pytest.mark.parametrize(
    ("transform", "argument", "value", "expected"),
    [
        ("upper", "", " ab ", "AB"),
        ("lower", "", "AB", "ab"),
        ("digits", "", "12-3456789", "123456789"),
        ("integer", "", "-007", -7),
        ("integer", "", 12, 12),
        ("decimal", "", ".5", Decimal("0.5")),
        ("decimal", "", "100.", Decimal("100")),
        ("decimal", ",", "1.234,50", Decimal("1234.50")),
        ("implied_decimal", "2", "12345", Decimal("123.45")),
        ("implied_decimal", "2", "-5", Decimal("-0.05")),
        ("date", "", "2026-02-28", datetime.date(2026, 2, 28)),
        ("date", "MM/DD/YYYY", "02/28/2026", datetime.date(2026, 2, 28)),
        ("date", "YYMMDD", "260228", datetime.date(2026, 2, 28)),
        ("datetime", "", "2026-01-31T14:05:00Z", datetime.datetime(2026, 1, 31, 14, 5)),
        ("datetime", "", "2026-01-31T14:05:00-06:00", datetime.datetime(2026, 1, 31, 20, 5)),
        ("datetime", "YYYYMMDDHHmm", "202601311405", datetime.datetime(2026, 1, 31, 14, 5)),
        ("datetime", "YYYYMMDDTHHmm@America/Chicago", "20260131T1405", datetime.datetime(2026, 1, 31, 20, 5)),
        ("boolean", "", "Y", True),
        ("boolean", "A,ACTIVE/I", "i", False),
        ("first", "", ["x", "y"], "x"),
        ("join", "", ["x", " y "], "x y"),
    ],
)
def test_transforms(transform, argument, value, expected):
    result = map_value(value, transform, argument)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("transform", "argument", "value"),
    [
        ("text", "", {"a": 1}),
        ("integer", "", "1.0"),
        ("integer", "", "١٢"),
        ("integer", "", True),
        ("decimal", "", "1,5"),
        ("decimal", "", "1e5"),
        ("decimal", "", "NaN"),
        ("decimal", "", "Infinity"),
        ("decimal", "", "."),
        ("implied_decimal", "2", "1.5"),
        ("date", "YYYYMMDD", "2026111"),
        ("date", "YYYYMMDD", "20260230"),
        ("date", "YYYYMMDD", "2026-01-31"),
        ("datetime", "", "yesterday"),
        ("boolean", "", "maybe"),
    ],
)
def test_what_is_not_certain_is_refused(transform, argument, value):
    with pytest.raises(MappingError) as caught:
        map_value(value, transform, argument)
    error = caught.value
    assert (error.code, error.location, error.subject) == ("mapping.invalid_value", "value", "target")
    assert error.expected and error.remedy
    assert str(value) in error.found


@pytest.mark.parametrize(
    "rule",
    [
        FieldRule("a", ""),
        FieldRule("", "b"),
        FieldRule("a..c", "b"),
        FieldRule("a", "b", "eval"),
        FieldRule("a", "b", "copy", "argument"),
        FieldRule("a", "b", "decimal", ";"),
        FieldRule("a", "b", "implied_decimal", ""),
        FieldRule("a", "b", "implied_decimal", "-2"),
        FieldRule("a", "b", "date", "yyyymmdd"),
        FieldRule("a", "b", "date", "YYYYMM"),
        FieldRule("a", "b", "date", "YYYYMMDD%f"),
        FieldRule("a", "b", "date", "YYYYMMDDDD"),
        FieldRule("a", "b", "datetime", "YYYYMMDD@Mars/Olympus"),
        FieldRule("a", "b", "boolean", "Y"),
        FieldRule("a", "b", "boolean", "Y/Y"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(rule):
    with pytest.raises(ValueError, match=r"\w+ .*\."):
        check_rule(rule)


@pytest.mark.parametrize("empty", ["", None, []])
def test_empty_values_leave_the_target_alone_or_take_the_default(empty):
    assert map_value(empty) is MISSING
    assert map_value(empty, "integer", default="7") == 7


def test_blanks_alone_are_no_value():
    assert map_value("   ", "text") is MISSING
    with pytest.raises(MappingError, match="required_value_missing"):
        map_value("   ", "text", is_required=True)


def test_zero_and_false_are_values():
    assert map_value(0, is_required=True) == 0
    assert map_value(False, is_required=True) is False


def test_the_crosswalk_gets_the_transformed_value():
    rules = [FieldRule("payer.id", "partner_id", "text", crosswalk="payers", is_required=True)]
    assert apply_mapping(rules, CLAIM, lambda crosswalk, code: (crosswalk, code)) == {
        "partner_id": ("payers", "60054")
    }


def test_an_unknown_code_keeps_its_cause():
    def unknown(crosswalk, code):
        raise MappingError("crosswalk.unknown_code", "Unknown.", subject=f"{crosswalk}:{code}")

    rules = [FieldRule("payer.id", "partner_id", "text", crosswalk="payers")]
    with pytest.raises(MappingError) as caught:
        apply_mapping(rules, CLAIM, unknown)
    assert caught.value.subject == "payers:60054"
    assert caught.value.location == "payer.id"
    assert caught.value.findings == ()


def test_all_failing_rules_are_reported_at_once():
    rules = [
        FieldRule("amount", "amount", "integer"),
        FieldRule("payer.name", "name", "text"),
        FieldRule("note", "note", "text", is_required=True),
    ]
    with pytest.raises(MappingError) as caught:
        apply_mapping(rules, CLAIM, no_crosswalk)
    assert caught.value.subject == "amount"
    assert [(finding.code, finding.location) for finding in caught.value.findings] == [
        ("mapping.invalid_value", "amount"),
        ("mapping.required_value_missing", "note"),
    ]


def test_private_values_stay_out_of_errors():
    with pytest.raises(MappingError) as caught:
        map_value("Jane Doe", "date", is_private=True)
    assert "Jane" not in f"{caught.value}{caught.value.found}"


def test_long_values_are_cut_in_errors():
    with pytest.raises(MappingError) as caught:
        map_value("x" * 10_000, "integer")
    assert len(caught.value.found) == 80


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_every_amount_survives_being_written_and_read(amount):
    assert map_value(f"{amount:f}", "decimal") == amount
    assert map_value(f"{amount:f}".replace(".", ","), "decimal", ",") == amount


@given(st.dates(min_value=datetime.date(1000, 1, 1)))
def test_every_date_survives_being_written_and_read(day):
    assert map_value(f"{day:%Y%m%d}", "date", "YYYYMMDD") == day
    assert map_value(day.isoformat(), "date") == day


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(value=documents, transform=st.sampled_from(sorted(set(TRANSFORMS) - {"implied_decimal"})))
def test_any_document_maps_or_is_refused_with_its_place(value, transform):
    try:
        map_value(value, transform)
    except MappingError as error:
        assert error.location == "value"
        assert error.expected
