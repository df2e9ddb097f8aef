"""The mapping engine: defaults, conditions, groups, crosswalks, and what its errors say."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.errors import DocumentError, MappingError
from odoo.addons.healthcare_integration_base.formats.mapping import (
    CompiledMapping,
    InvalidMapping,
    Rule,
    SchemaField,
    schema_problems,
)
from odoo.addons.healthcare_integration_base.formats.mapping.transforms import TRANSFORMS
from odoo.addons.healthcare_integration_base.formats.records import SourceRecord

CLAIM = {
    "payer": {"id": " 60054 ", "name": "Aetna"},
    "amount": "1203.50",
    "paid_on": "20260131",
    "kind": "P",
    "lines": [{"code": "99213", "units": "1", "notes": [{"text": "x"}]}, {"code": "80053"}],
    "note": "",
}


def apply(rules, source=CLAIM, **options):
    return CompiledMapping(rules).apply(source, **options)


def map_value(source, transform="copy", argument="", **options):
    return apply([Rule("value", "target", transform, argument, **options)], {"value": source}).get("target")


def error_of(rules, source=CLAIM, **options):
    with pytest.raises(MappingError) as caught:
        apply(rules, source, **options)
    return caught.value


def test_a_document_becomes_typed_values():
    rules = [
        Rule("payer.id", "payer.ref"),
        Rule("payer.name", "payer.name", "upper"),
        Rule("amount", "amount", "decimal"),
        Rule("paid_on", "date", "date", "YYYYMMDD"),
        Rule("lines[*].code", "codes", "join", ", "),
        Rule("", "origin", default="file"),
    ]
    assert apply(rules) == {
        "payer": {"ref": "60054", "name": "AETNA"},
        "amount": Decimal("1203.50"),
        "date": datetime.date(2026, 1, 31),
        "codes": "99213, 80053",
        "origin": "file",
    }


@pytest.mark.parametrize("empty", ["", None, [], "  "])
def test_empty_values_leave_the_target_alone_or_take_the_default(empty):
    assert map_value(empty, "text") is None
    assert map_value(empty, "text", default="7") == "7"


def test_defaults_are_transformed_and_not_shared():
    rules = [
        Rule("nothing", "list", "split", ",", default="a,b"),
        Rule("no", "number", "integer", default="7"),
    ]
    mapping = CompiledMapping(rules)
    first, second = mapping.apply({}), mapping.apply({})
    assert first == {"list": ["a", "b"], "number": 7}
    assert first["list"] is not second["list"]


def test_a_required_value_is_missed():
    error = error_of([Rule("note", "note", is_required=True)])
    assert (error.code, error.location, error.subject) == ("mapping.required_value_missing", "note", "note")


def test_zero_and_no_are_values():
    assert map_value(0, is_required=True) == 0
    assert map_value(False, is_required=True) is False


@pytest.mark.parametrize(
    ("condition", "source", "value", "applies"),
    [
        ("present", "amount", "", True),
        ("present", "note", "", False),
        ("absent", "note", "", True),
        ("absent", "amount", "", False),
        ("equals", "kind", "P", True),
        ("equals", "kind", "p", False),
        ("equals", "lines[*].code", "80053", True),
        ("equals", "nothing", "", False),
        ("differs", "kind", "X", True),
        ("differs", "kind", "P", False),
    ],
)
def test_conditions(condition, source, value, applies):
    rule = Rule(
        "amount", "amount", is_required=True,
        condition=condition, condition_source=source, condition_value=value,
    )  # fmt: skip
    assert ("amount" in apply([rule])) is applies


def test_a_group_maps_its_items():
    rules = [
        Rule("lines", "lines", "group"),
        Rule("code", "lines.code"),
        Rule("units", "lines.units", "integer", default="0"),
        Rule("notes", "lines.notes", "group"),
        Rule("text", "lines.notes.text"),
    ]
    assert apply(rules) == {
        "lines": [{"code": "99213", "units": 1, "notes": [{"text": "x"}]}, {"code": "80053", "units": 0}]
    }
    assert apply(rules, {"lines": {"code": "1"}}) == {"lines": [{"code": "1", "units": 0}]}
    assert apply(rules, {}) == {}


def test_errors_in_a_group_name_the_item():
    rules = [Rule("lines", "lines", "group"), Rule("code", "lines.code", "date")]
    error = error_of(rules)
    assert [finding.location for finding in error.findings] == ["lines[0] code", "lines[1] code"]
    error = error_of([Rule("payer.id", "x", "group"), Rule("a", "x.a")])
    assert (error.location, error.expected) == ("payer.id", "a list of objects")


def test_all_failing_lines_are_reported_at_once():
    rules = [
        Rule("amount", "amount", "integer"),
        Rule("payer.name", "name"),
        Rule("note", "n", is_required=True),
    ]
    error = error_of(rules)
    assert error.subject == "amount"
    assert [(finding.code, finding.location, finding.found) for finding in error.findings] == [
        ("mapping.invalid_value", "amount", "1203.50"),
        ("mapping.required_value_missing", "note", "nothing"),
    ]


def test_a_record_with_very_many_errors_keeps_some_of_them():
    rules = [Rule("lines", "lines", "group"), Rule("code", "lines.code", "integer")]
    error = error_of(rules, {"lines": [{"code": "x"}] * 5_000})
    assert len(error.findings) == 51
    assert (error.findings[-1].code, error.findings[-1].found) == ("findings.omitted", "5000")


def test_private_values_stay_out_of_errors():
    error = error_of([Rule("value", "born", "date", is_private=True)], {"value": "Jane Doe"})
    assert "Jane" not in f"{error}{error.found}{error.subject}"
    assert error.found == "a private value of 8 characters"


def test_long_values_are_cut_in_errors():
    assert len(error_of([Rule("v", "t", "integer")], {"v": "x" * 10_000}).found) == 80


class TestCrosswalks:
    RULES = (
        Rule("payer.id", "payer", crosswalk="payers", is_required=True),
        Rule("lines", "lines", "group"),
        Rule("code", "lines.service", crosswalk="services"),
    )

    def test_the_crosswalk_gets_the_transformed_value(self):
        def lookup(crosswalk, codes):
            return {code: (crosswalk, code) for code in codes}

        assert apply(self.RULES, lookup=lookup) == {
            "payer": ("payers", "60054"),
            "lines": [{"service": ("services", "99213")}, {"service": ("services", "80053")}],
        }

    def test_codes_are_asked_for_once_per_chunk_and_remembered(self):
        asked = []

        def lookup(crosswalk, codes):
            asked.append((crosswalk, sorted(codes)))
            return dict.fromkeys(codes, 1)

        records = [SourceRecord(n, f"record {n}", {"payer": {"id": str(n % 3)}}) for n in range(10)]
        mapped = list(CompiledMapping(self.RULES[:1]).apply_all(records, lookup, chunk_size=2))
        assert all(record.values == {"payer": 1} for record in mapped)
        assert asked == [("payers", ["0", "1"]), ("payers", ["2"])]

    def test_an_unknown_code_keeps_its_cause_and_gets_its_place(self):
        def lookup(crosswalk, codes):
            return {
                code: MappingError("crosswalk.gone", "Gone.", subject=f"x:{code}", found=code)
                for code in codes
            }

        error = error_of(self.RULES, lookup=lookup)
        assert (error.code, error.subject, error.location) == ("crosswalk.gone", "x:60054", "payer.id")
        assert [finding.location for finding in error.findings] == [
            "payer.id",
            "lines[0] code",
            "lines[1] code",
        ]

    def test_a_code_that_nobody_knows(self):
        error = error_of(self.RULES[:1])
        assert (error.code, error.subject, error.found) == ("crosswalk.unknown_code", "payers:60054", "60054")

    def test_a_private_code_stays_out_of_the_error(self):
        def lookup(crosswalk, codes):
            return {code: MappingError("c.u", f"Unknown {code}.", subject=code, found=code) for code in codes}

        for options in ({}, {"lookup": lookup}):
            error = error_of([Rule("payer.id", "p", crosswalk="payers", is_private=True)], **options)
            assert "60054" not in f"{error}{error.subject}{error.found}"

    def test_a_list_is_no_code(self):
        error = error_of([Rule("lines[*].code", "p", "copy", crosswalk="payers")])
        assert error.expected == "a single value"


class TestManyRecords:
    def test_a_failing_record_does_not_stop_the_others(self):
        broken = DocumentError("csv.row", "A row is no CSV.")
        records = [
            SourceRecord(1, "line 2", {"a": "1"}),
            SourceRecord(2, "line 3", {"a": "x"}),
            SourceRecord(3, "line 4", None, broken),
            SourceRecord(4, "line 5", {"a": "4"}),
        ]
        mapped = list(CompiledMapping([Rule("a", "a", "integer")]).apply_all(records))
        assert [record.values for record in mapped] == [{"a": 1}, None, None, {"a": 4}]
        assert mapped[1].error.location == "line 3, a"
        assert mapped[2].error is broken

    def test_records_are_mapped_while_they_are_read(self):
        alive = []

        def records():
            for number in range(1, 11):
                data = {"a": str(number)}
                alive.append(number)
                yield SourceRecord(number, "", data)
                data.clear()  # as a reader of XML releases its element

        mapped = CompiledMapping([Rule("a", "a", "integer")]).apply_all(records(), chunk_size=3)
        assert next(mapped).values == {"a": 1}
        assert len(alive) == 3
        assert [record.values["a"] for record in mapped] == list(range(2, 11))


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ([], "needs lines"),
        ([Rule("a", "")], "name the target field"),
        ([Rule("a", "b..c")], "name the target field"),
        ([Rule("", "b")], "b: a line needs a source path or a default"),
        ([Rule("a..c", "b")], "a..c is not a path"),
        ([Rule("a", "b", "eval")], "no transform named eval"),
        ([Rule("a", "b", "copy", "argument")], "takes no argument"),
        ([Rule("a", "b", "integer", default="x")], "the default x is not a whole number"),
        ([Rule("a", "b"), Rule("c", "b")], "b has more than one line"),
        ([Rule("a", "b"), Rule("c", "b.c")], "b.c is inside b"),
        ([Rule("a", "b", "group")], "needs lines below it"),
        ([Rule("a", "b", "group", default="x"), Rule("a", "b.c")], "neither crosswalk nor default"),
        ([Rule("a", "b", condition="like", condition_source="a")], "no condition named like"),
        ([Rule("a", "b", condition="present")], "a test and a path"),
        ([Rule("a", "b", condition="present", condition_source="a[")], "is not a path"),
        ([Rule("a", f"b{n}") for n in range(1_001)], "at most 1000 lines"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(rules, problem):
    with pytest.raises(InvalidMapping, match=problem):
        CompiledMapping(rules)


def test_all_problems_of_a_mapping_are_named():
    with pytest.raises(InvalidMapping) as caught:
        CompiledMapping([Rule("a..b", "a"), Rule("a", "b", "eval"), Rule("a", "c")])
    assert len(caught.value.problems) == 2


class TestExplain:
    def test_each_line_shows_what_it_did(self):
        rules = [
            Rule("amount", "total.amount", "decimal"),
            Rule("paid_on", "date", "date"),
            Rule("payer.id", "payer", crosswalk="payers"),
            Rule("kind", "kind", condition="absent", condition_source="kind"),
            Rule("lines", "lines", "group"),
            Rule("code", "lines.code"),
        ]
        outcomes = list(
            CompiledMapping(rules).explain(
                SourceRecord(1, "", CLAIM), lambda _c, codes: dict.fromkeys(codes, "P"), 1
            )
        )
        assert [(one.target, one.source, one.value, one.error and one.error.code) for one in outcomes] == [
            ("total.amount", "amount", Decimal("1203.50"), None),
            ("date", "paid_on", None, "mapping.invalid_value"),
            ("payer", "payer.id", "P", None),
            ("kind", "kind", None, None),
            ("lines", "lines", None, None),
            ("lines[0].code", "lines[0] code", "99213", None),
        ]
        assert outcomes[1].raw == "20260131"


class TestSchema:
    SCHEMA = {
        "payer": SchemaField("record", is_required=True),
        "amount": SchemaField("decimal", is_required=True),
        "note": SchemaField(),
        "lines": SchemaField("list", fields={"code": SchemaField("text", is_required=True)}),
    }

    def test_lines_that_fit(self):
        rules = [
            Rule("a", "payer", crosswalk="payers"),
            Rule("a", "amount", "negate"),
            Rule("a", "note", "split", ","),
            Rule("a", "lines", "group"),
            Rule("a", "lines.code", "upper"),
        ]
        assert schema_problems(rules, self.SCHEMA) == []
        assert schema_problems(rules[:2], self.SCHEMA) == []

    def test_lines_that_do_not(self):
        rules = [
            Rule("a", "payer"),
            Rule("a", "other"),
            Rule("a", "lines", "group"),
            Rule("a", "note", "group"),
        ]
        assert schema_problems(rules, self.SCHEMA) == [
            "payer is a record, and its line gives a text.",
            "other is not a field of the document type.",
            "note is not a repeated group.",
            "amount is required by the document type and has no line.",
            "lines.code is required by the document type and has no line.",
        ]


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats() | st.decimals()
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
ARGUMENTS = {
    "implied_decimal": "2",
    "write_implied_decimal": "2",
    "pad_zeros": "5",
    "at_most": "5",
    "cut": "5",
}


@given(value=documents, transform=st.sampled_from(sorted(set(TRANSFORMS) - {"group"})))
def test_any_document_maps_or_is_refused_with_its_place(value, transform):
    argument = ARGUMENTS.get(transform, "," if transform == "split" else "")
    try:
        map_value(value, transform, argument)
    except MappingError as error:
        assert error.location == "value"
        assert error.expected


@pytest.mark.parametrize(
    "path", ["a.b[0].c", "a[*].b", "a[?b=='x'].c | [0]", "a[-1]", "a[?b>`1`].c", "a[].b"]
)
@given(value=documents)
def test_any_document_is_read_by_any_path(path, value):
    rules = [
        Rule(path, "x", "copy"),
        Rule(path, "g", "group"),
        Rule("c", "g.c"),
        Rule("a", "y", condition="equals", condition_source=path, condition_value="1"),
    ]
    for source in (value, {"a": value}):
        try:
            apply(rules, source)
        except MappingError as error:
            assert error.location
