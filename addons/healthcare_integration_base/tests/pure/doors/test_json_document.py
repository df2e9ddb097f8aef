import doctest
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from odoo.addons.healthcare_integration_base.doors import certificate, json_document
from odoo.addons.healthcare_integration_base.doors.json_document import (
    InvalidSchema,
    MalformedJson,
    complaints,
    read_json,
    read_schema,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@pytest.mark.parametrize("module", [json_document, certificate], ids=lambda module: module.__name__)
def test_examples(module):
    assert doctest.testmod(module).failed == 0


@given(JSON_VALUES)
def test_what_json_writes_is_read(value):
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_bytes_are_a_document_or_malformed(body):
    try:
        read_json(body)
    except MalformedJson as error:
        assert error.place.expected


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1,]", b"NaN", b"-Infinity", b'{"a":1,"a":1}', b"\xff", b"[" * 101 + b"]" * 101,
     b"[" * 100_000, b"9" * 10_000, b"9" * 400, b"[1e400]", b"[-1e400]"],
)  # fmt: skip
def test_what_readers_differ_in_is_malformed(body):
    with pytest.raises(MalformedJson):
        read_json(body)


def test_the_place_of_a_fault_is_told():
    with pytest.raises(MalformedJson) as caught:
        read_json(b'{"a": 1,\n "b": }')
    assert caught.value.place.pointer == "line 2, column 7"


@pytest.mark.parametrize(
    "schema",
    [
        "{",
        "true",
        '{"type": 5}',
        '{"$ref": "https://example.org/a"}',
        '{"properties": {"a": {"$ref": "file:///etc/passwd"}}}',
        '{"allOf": [{"$dynamicRef": "other"}]}',
        '{"properties": {"a": {"$ref": "#/$defs/none"}}}',
        '{"$ref": "#"}',
        '{"$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}',
    ],
)
def test_schemas_that_are_not_complete_in_themselves_are_refused(schema):
    with pytest.raises(InvalidSchema):
        read_schema(schema)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "#/minimum/a", "minimum": 1}, "nothing there"),
        ({"$ref": "#/required/a", "required": ["a"]}, "nothing there"),
        ({"$defs": {"n": {}}, "items": {"$id": "urn:b", "$ref": "#/$defs/n"}}, "nothing there"),
        ({"required": ["a"], "items": {"$ref": "#/required"}}, "not array of 1"),
        ({"part": {"type": 5}, "items": {"$ref": "#/part"}}, "/type: "),
        ({"$id": "urn:a", "items": {"$id": "http://["}}, r"\$id"),
        ({"$id": "urn:a", "part": {"not": {"$id": "http://["}}}, r"\$id http://\[: it is no address"),
        ({"items": {"$schema": "http://json-schema.org/draft-04/schema#", "id": 5}}, "dialect"),
    ],
)
def test_a_schema_whose_parts_cannot_be_followed_is_refused(schema, reason):
    with pytest.raises(InvalidSchema, match=reason):
        read_schema(json.dumps(schema))


def test_a_part_may_have_a_name_and_refer_to_itself():
    part = {"$id": "urn:b", "$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}}
    schema = read_schema(json.dumps({"properties": {"a": part}}))
    assert [place.pointer for place in complaints(schema, {"a": [1, "x"]})] == ["/a/1"]


def test_a_schema_may_refer_to_itself():
    schema = read_schema('{"$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}}')
    assert complaints(schema, [1, 2]) == []
    assert [place.pointer for place in complaints(schema, [1, "a", 2.5])] == ["/1", "/2"]


def test_a_document_that_a_recursive_schema_cannot_follow_is_refused():
    schema = read_schema('{"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}}, "$ref": "#/$defs/n"}')
    assert complaints(schema, [[[1]]]) == []
    assert complaints(schema, _nested(5_000))


def _nested(levels):
    document = []
    for _level in range(levels):
        document = [document]
    return document


@pytest.mark.parametrize("calls", range(25))
def test_a_check_ends_wherever_it_meets_the_limit_of_the_stack(calls):
    """One call more or less decides which part of which library meets it."""
    circle = {"$defs": {"c": {"if": {"$ref": "#/$defs/c"}}}, "items": {"$ref": "#/$defs/c"}}
    assert [place.pointer for place in _called(calls, complaints, read_schema(json.dumps(circle)), [1])] == [
        "/"
    ]
    with pytest.raises(InvalidSchema, match="circle"):
        _called(calls, read_schema, '{"if": {"$ref": "#"}}')
    deep = '{"unevaluatedProperties": ' * 99 + "true" + "}" * 99
    with pytest.raises(InvalidSchema, match="too deep"):
        _called(600 + calls, read_schema, deep)


def _called(calls, function, *arguments):
    """Return the result of a function that is called below so many others."""
    return _called(calls - 1, function, *arguments) if calls else function(*arguments)


@pytest.mark.parametrize(
    ("items", "are_unique"),
    [
        ([1, True, "1", None, [1], [True], {"a": 1}, {"a": True}, {"a": None}, {}, []], True),
        ([1, 1.0], False),
        ([{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}], False),
        ([0.1, 0.2, 10**25, 10**25 + 1], True),
        ([{"a": number} for number in range(100_000)], True),
        ([number * (2**61 - 1) for number in range(100_000)], True),
    ],
    ids=["kinds", "numbers", "objects", "large numbers", "many objects", "numbers of one hash"],
)
def test_unique_items_are_told_apart_by_value(items, are_unique):
    assert (complaints({"uniqueItems": True}, items) == []) is are_unique


@given(st.lists(JSON_VALUES, max_size=6))
def test_unique_items_are_what_the_validator_holds_for_unique(items):
    own = complaints({"uniqueItems": True}, items) == []
    assert own is Draft202012Validator({"uniqueItems": True}).is_valid(items)


def test_complaints_are_bounded_and_hold_no_values():
    places = complaints({"items": {"type": "integer"}}, ["Alex Testcase"] * 1000)
    assert len(places) == json_document.MOST_COMPLAINTS
    assert "Alex" not in str(places)


def test_a_certificate_is_known_in_every_notation():
    der = b"\x30\x03\x02\x01\x05"
    text = "MAMCAQU="
    digest = hashlib.sha256(der).hexdigest()
    pem = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
    escaped = pem.replace("\n", "%0A").replace(" ", "%20")
    for notation in (digest, digest.upper(), text, f":{text}:", pem, escaped):
        assert certificate.fingerprint_of(notation) == digest
    for nothing in ("", "ab", "not base64!", "YWJj", "a" * 20_000):
        assert certificate.fingerprint_of(nothing) == ""
