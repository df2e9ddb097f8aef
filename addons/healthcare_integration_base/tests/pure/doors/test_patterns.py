"""Patterns of a schema: the same answers as Python's engine, and no text that takes long."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from odoo.addons.healthcare_integration_base.doors import patterns, schema_validator
from odoo.addons.healthcare_integration_base.doors.json_document import (
    InvalidSchema,
    complaints,
    read_schema,
)
from odoo.addons.healthcare_integration_base.doors.patterns import InvalidPattern, compile_pattern
from odoo.addons.healthcare_integration_base.transports.names import matches

HOSTILE_TEXT = "a" * 50_000 + "!"
CATASTROPHIC = ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*(.*)*x"]

PATTERNS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "ab", "^a", "b$", r"\d", r"\w"]),
    lambda parts: (
        st.builds("({}){}".format, parts, st.sampled_from(["*", "+", "?", "{1,3}"]))
        | st.builds("(?:{}|{})".format, parts, parts)
        | st.builds("{}{}".format, parts, parts)
    ),
    max_leaves=6,
)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("pattern", CATASTROPHIC)
@pytest.mark.parametrize(
    ("keyword", "make"),
    [
        ("pattern", lambda pattern: ({"pattern": pattern}, HOSTILE_TEXT)),
        ("patternProperties", lambda pattern: ({"patternProperties": {pattern: True}}, {HOSTILE_TEXT: 1})),
        (
            "additionalProperties",
            lambda pattern: (
                {"patternProperties": {pattern: True}, "additionalProperties": False},
                {HOSTILE_TEXT: 1},
            ),
        ),
        (
            "propertyNames",
            lambda pattern: ({"propertyNames": {"pattern": pattern}}, {HOSTILE_TEXT: 1}),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_catastrophic_pattern_answers_at_once(pattern, keyword, make):
    schema, document = make(pattern)
    complaints(read_schema(json.dumps(schema)), document)


DIALECT = "https://json-schema.org/draft/2020-12/schema"
NESTED = [
    lambda pattern: {
        "$schema": DIALECT,
        "properties": {"child": {"$ref": "#"}, "name": {"pattern": pattern}},
    },
    lambda pattern: {
        "$defs": {"part": {"$schema": DIALECT, "properties": {"name": {"pattern": pattern}}}},
        "properties": {"child": {"$ref": "#/$defs/part"}},
    },
    lambda pattern: {
        "properties": {
            "child": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "properties": {"name": {"pattern": pattern}},
            }
        }
    },
]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("make", NESTED, ids=["whole", "part", "other dialect"])
def test_parts_that_name_their_dialect_are_matched_by_the_same_engine(make):
    assert complaints(read_schema(json.dumps(make("^(a+)+$"))), {"child": {"name": HOSTILE_TEXT}})
    schema = read_schema(json.dumps(make(r"^\p{L}+$")))
    assert complaints(schema, {"child": {"name": "Zoë"}}) == []
    [place] = complaints(schema, {"child": {"name": "4"}})
    assert place.pointer == "/child/name"


@pytest.mark.timeout(60)
@settings(deadline=2_000)
@given(PATTERNS, st.sampled_from(["a", "b", "ab", "1", "\n", "é"]), st.sampled_from(["", "!", "b", "\n"]))
def test_no_pattern_takes_long(pattern, unit, end):
    text = unit * 30_000 + end
    if len(text) <= compile_pattern(pattern).longest:
        compile_pattern(pattern).is_in(text)


@given(PATTERNS, st.text("ab1!é", max_size=8))
def test_the_answers_are_those_of_pythons_engine(pattern, text):
    assert compile_pattern(pattern).is_in(text) is bool(re.search(pattern, text, re.ASCII))


@given(st.dictionaries(st.text("ab", max_size=3), st.integers(0, 2), max_size=4), st.booleans())
def test_names_are_judged_as_the_validator_of_the_library_judges_them(document, is_open):
    schema = {
        "properties": {"b": {"maximum": 1}},
        "patternProperties": {"^a": {"maximum": 1}, "b$": {"minimum": 1}},
        "additionalProperties": {"maximum": 0} if is_open else False,
    }
    assert (complaints(schema, document) == []) is Draft202012Validator(schema).is_valid(document)


def test_a_text_that_costs_too_much_is_refused_with_its_limit():
    schema = {"pattern": "[ab]*a[ab]{900}c"}
    longest = compile_pattern(schema["pattern"]).longest
    assert 50_000 < longest < 1_000_000
    [place] = complaints(schema, "a" * (longest + 1))
    assert place.expected == f"longest text for this pattern: {longest}"
    assert place.found == f"text of {longest + 1} characters"


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"^\u0041\u00e9$", "A\u00e9", "u0041"),
        (r"^\\u0041$", r"\u0041", "A"),
        (r"^\p{L}+$", "Zo\u00eb", "4"),
        ("^a$", "a", "a\n"),
        (r"^\d$", "4", "\u0664"),
        ("^.$", "\ud800", "\ud800\ud800"),
        (r"^\/\-$", "/-", "\\"),
    ],
)
def test_the_notation(pattern, matching, other):
    assert compile_pattern(pattern).is_in(matching)
    assert not compile_pattern(pattern).is_in(other)


@pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", "a{1001}", "[", "((a{100}){100}){100}", "\ud800"])
@pytest.mark.parametrize("keyword", ["pattern", "patternProperties"])
def test_what_the_engine_cannot_take_is_refused_when_it_is_saved(pattern, keyword, capfd):
    schema = {"items": {keyword: pattern if keyword == "pattern" else {pattern: True}}}
    with pytest.raises(InvalidSchema, match="RE2"):
        read_schema(json.dumps(schema))
    assert capfd.readouterr() == ("", "")


def test_a_pattern_that_the_library_matches_itself_is_refused():
    with pytest.raises(InvalidSchema, match="unevaluatedProperties"):
        read_schema('{"unevaluatedProperties": false, "allOf": [{"patternProperties": {"^(a+)+$": true}}]}')


def test_a_partners_pattern_is_compiled_by_the_same_engine():
    assert complaints({"format": "regex"}, "(?=a)")
    assert complaints({"format": "regex"}, "^(a+)+$") == []
    assert complaints({"format": "regex"}, 5) == []


def test_an_invalid_pattern_says_why():
    with pytest.raises(InvalidPattern, match="perl operator"):
        compile_pattern("(?=a)")


@pytest.mark.timeout(20)
def test_references_that_double_at_each_step_end(monkeypatch):
    steps = {f"s{n}": {"anyOf": [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(40)}
    schema = {"$defs": {**steps, "s40": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/s0"}}}
    schema = read_schema(json.dumps(schema))
    monkeypatch.setattr("odoo.addons.healthcare_integration_base.doors.json_document._LONGEST_CHECK", 0.2)
    [place] = complaints(schema, {"a": "text"})
    assert "seconds" in place.expected
    with pytest.raises(InvalidSchema, match="too long"):
        read_schema(json.dumps({**schema, "$ref": "#/$defs/s0"}))


@pytest.mark.parametrize(
    "schema",
    [{"patternProperties": {"^(a+)+$": True}}, {"additionalProperties": False}],
    ids=lambda it: [*it][0],
)
def test_the_time_ends_within_the_names_of_one_object(schema):
    names = dict.fromkeys(map(str, range(200_000)))
    with pytest.raises(schema_validator.TookTooLong), schema_validator.time_limit(0.01):
        list(schema_validator.make_validator(schema).iter_errors(names))


def test_the_time_limit_ends_with_its_block():
    with pytest.raises(schema_validator.TookTooLong), schema_validator.time_limit(-1):
        list(schema_validator.make_validator({"type": "string"}).iter_errors(1))
    assert list(schema_validator.make_validator({"type": "string"}).iter_errors("a")) == []


@pytest.mark.timeout(10)
def test_a_file_pattern_of_many_stars_answers_at_once():
    assert not matches("a" * 50_000, ("*a" * 40 + "b",), ())


def test_the_limit_of_work_is_stated_in_instructions_times_characters():
    assert compile_pattern("^(a+)+$").longest > patterns.MOST_WORK // 100
