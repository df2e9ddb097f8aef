"""JSON records: what is read, how it is bounded, and what is refused."""

import tracemalloc
from decimal import Decimal

import pytest

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats import limits
from odoo.addons.healthcare_integration_base.formats.json_records import (
    read_json,
    read_json_lines,
    write_json,
    write_json_lines,
)


def pieces(data, size):
    return (data[start : start + size] for start in range(0, len(data), size))


def read(data, path=""):
    return [record.data for record in read_json([data], path)]


def refusal(data, path=""):
    with pytest.raises(DocumentError) as caught:
        read(data, path)
    return caught.value


@pytest.mark.parametrize(
    ("data", "path", "expected"),
    [
        (b'[{"a": 1}, {"a": 2}]', "", [{"a": 1}, {"a": 2}]),
        (b'\xef\xbb\xbf {"a": 1.50} ', "", [{"a": Decimal("1.50")}]),
        (b'{"n": 1, "data": {"x": [[1]], "rows": [{"a": 1}]}, "z": {}}', "data.rows", [{"a": 1}]),
        (b'{"row": {"a": [true, null, "\\u00e9"]}}', "row", [{"a": [True, None, "é"]}]),
        (b"[]", "", []),
        (b'{"rows": []}', "rows", []),
        (b'[{"a": 1e2}]', "", [{"a": Decimal("1E+2")}]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_records_are_found(data, path, expected, size):
    assert [record.data for record in read_json(pieces(data, size), path)] == expected


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json.syntax"),
        (b"[", "json.syntax"),
        (b'[{"a": 1}', "json.syntax"),
        (b'[{"a": 1},]', "json.syntax"),
        (b'[{"a": 1} {"a": 2}]', "json.syntax"),
        (b'[{"a": 1}] x', "json.syntax"),
        (b"[{'a': 1}]", "json.syntax"),
        (b'[{"a": "\x01"}]', "json.syntax"),
        (b'[{"a": 1, "a": 2}]', "json.key_repeated"),
        (b'[{"a": NaN}]', "json.number"),
        (b'[{"a": -Infinity}]', "json.number"),
        (b'[{"a": 1E999999}]', "json.number"),
        (b'[{"a": 1E-999999}]', "json.number"),
        (b'[{"a": 1E99999999999999999999}]', "json.number"),
        (b'[{"a": ' + b"9" * 39 + b"}]", "json.number"),
        (b'[{"a": ' + b"9" * 100_000 + b"}]", "json.number"),
        (b'[{"a": 0.' + b"9" * 100_000 + b"}]", "json.number"),
        (b'[{"a": "\\u0000"}]', "json.text"),
        (b'[{"\\ud800": 1}]', "json.text"),
        (b'[{"a": ["\\udfff"]}]', "json.text"),
        (b'[{"a": ' + b"[" * 64 + b"]" * 64 + b"}]", "json.too_deep"),
        (b'[{"a": ' + b"[" * 1_000_000, "json.too_deep"),
        (b'{"a":' * 100_000, "json.too_deep"),
        (b'[{"a": "\xff"}]', "text.encoding"),
        (b'[{"a": "\xc3', "text.encoding"),
        (b"[\0]", "text.nul"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_refused(data, code):
    assert refusal(data).code == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"a": 1}', "json.records_missing"),
        (b'{"data": 1}', "json.syntax"),
        (b'{"data": {}}', "json.records_missing"),
        (b'{"data": {"rows": [], "rows": []}}', "json.key_repeated"),
        (b'{"data": {"rows": []}', "json.syntax"),
        (b'{"data": {"rows": [], 1: 2}}', "json.syntax"),
    ],
)
def test_a_frame_that_is_wrong_is_refused(data, code):
    assert refusal(data, "data.rows").code == code


def test_an_item_that_is_no_object_does_not_stop_the_others():
    records = list(read_json([b'[1, {"a": 1}, "x"]']))
    assert [record.error and record.error.code for record in records] == ["json.record", None, "json.record"]
    assert records[0].error.location == "record 1"


def test_escaped_backslashes_are_no_surrogates():
    assert read(b'[{"a": "\\\\u0000"}]') == [{"a": "\\u0000"}]


def test_brackets_in_texts_do_not_nest():
    text = "[{" * 200
    assert read(f'[{{"a": "{text}"}}]'.encode()) == [{"a": text}]


def test_a_record_has_a_largest_size(monkeypatch):
    endless = (b'[{"a": "' if number == 0 else b"x" * 1_000_000 for number in range(1_000))
    with pytest.raises(DocumentError) as caught:
        list(read_json(endless))
    assert caught.value.code == "json.too_large"


def test_a_long_array_needs_the_memory_of_one_item():
    def chunks():
        yield b"["
        for _ in range(50):
            yield b'{"a": "' + b"x" * 200_000 + b'"},'
        yield b'{"a": 1}]'

    tracemalloc.start()
    assert sum(1 for _ in read_json(chunks())) == 51
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def test_a_line_that_is_wrong_does_not_stop_the_others():
    data = b'{"a": 1}\r\n\n{"a": 1, "a": 2}\n{"b": [}\n[1]\n{"a": 2}'
    records = list(read_json_lines(pieces(data, 3)))
    assert [record.error and record.error.code for record in records] == [
        None, "json.key_repeated", "json.syntax", "json.record", None,
    ]  # fmt: skip
    assert [record.location for record in records] == ["line 1", "line 3", "line 4", "line 5", "line 6"]
    assert records[2].error.location == "line 4, character 8"


def test_a_line_has_a_largest_size():
    with pytest.raises(DocumentError) as caught:
        list(read_json_lines(b"x" * 1_000_000 for _ in range(20)))
    assert caught.value.code == "text.line_too_long"
    assert limits.MAX_RECORD_SIZE < 20_000_000


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), Decimal("1E999999"), float("nan"), "\ud800", "a\0b", object(), {1: 2}, 10**40]
)
@pytest.mark.parametrize("write", [write_json, write_json_lines])
def test_what_json_cannot_hold_is_not_written(write, value):
    with pytest.raises(DocumentError) as caught:
        list(write([{"a": value}]))
    assert caught.value.code in ("json.value", "text.not_encodable")


def test_a_document_that_holds_itself_is_not_written():
    document = {}
    document["a"] = document
    with pytest.raises(DocumentError):
        list(write_json([document]))
