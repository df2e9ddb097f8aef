"""Any table and any values survive being written and read, in every format; any damage ends in an error."""

import datetime
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.errors import IntegrationError
from odoo.addons.healthcare_integration_base.formats.json_records import (
    read_json,
    read_json_lines,
    write_json,
    write_json_lines,
)
from odoo.addons.healthcare_integration_base.formats.mapping import (
    ColumnPaths,
    CompiledMapping,
    JsonPaths,
    Rule,
    XmlPaths,
)
from odoo.addons.healthcare_integration_base.formats.tabular import (
    Column,
    CsvLayout,
    FixedWidthLayout,
    read_csv,
    read_fixed_width,
    write_csv,
    write_fixed_width,
)
from odoo.addons.healthcare_integration_base.formats.xml_records import read_xml, write_xml

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\"',;|=+-@ \t<&]>"), max_size=12
).map(str.strip)
VALUES = {
    ("text", ""): TEXT,
    ("integer", ""): st.integers(-(10**12), 10**12),
    ("decimal", ""): st.decimals(-(10**9), 10**9, places=3),
    ("implied_decimal", "2"): st.decimals(-(10**9), 10**9, places=2),
    ("date", "YYYYMMDD"): st.dates(),
    ("datetime", "YYYY-MM-DDTHH:mm:ss"): st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
    ("boolean", "Y/N"): st.booleans(),
}
NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=6).filter(lambda name: name != "header")


@st.composite
def tables(draw):
    """Draw the types of some columns by name, and rows that fit them; a value may be missing."""
    types = draw(st.dictionaries(NAMES, st.sampled_from(list(VALUES)), min_size=1, max_size=5))
    row = st.fixed_dictionaries({}, optional={name: VALUES[kind] for name, kind in types.items()})
    # a line of blanks is no record in any format of lines
    rows = draw(st.lists(row.map(without_empty).filter(bool), max_size=5))
    return types, rows


def without_empty(row):
    return {name: value for name, value in row.items() if value != ""}


def mapped(rules, records, language=None):
    result = list(CompiledMapping(rules, language).apply_all(records))
    assert [record.error for record in result] == [None] * len(result)
    return [record.values for record in result]


def pieces(chunks, size):
    data = b"".join(chunks)
    return (data[start : start + size] for start in range(0, len(data), size))


def details(records):
    records = list(records)
    assert [record.error for record in records] == [None] * len(records)
    return [{name: value for name, value in record.data.items() if name != "header"} for record in records]


@given(tables(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n"]), st.integers(1, 50))
def test_csv(table, delimiter, line_end, size):
    types, rows = table
    layout = CsvLayout(
        columns=tuple(Column(name, *kind) for name, kind in types.items()),
        delimiter=delimiter,
        line_end=line_end,
    )
    assert layout.problems() == []
    assert details(read_csv(pieces(write_csv(rows, layout), size), layout)) == rows


@given(tables(), st.sampled_from(["utf-8", "utf-16"]), st.booleans(), st.integers(1, 50))
def test_fixed_width(table, encoding, has_code, size):
    types, rows = table
    columns = tuple(
        Column(
            name,
            *kind,
            start=2 + index * 30,
            width=30,
            fill="0" if kind[0] in ("integer", "decimal") else " ",
        )
        for index, (name, kind) in enumerate(types.items())
    )
    count = Column("n", "integer", start=2, width=5, role="trailer", check="detail_count")
    layout = FixedWidthLayout(
        columns=(*columns, count) if has_code else columns,
        codes={"detail": "D", "trailer": "T"} if has_code else None,
        encoding=encoding,
    )
    assert layout.problems() == []
    assert details(read_fixed_width(pieces(write_fixed_width(rows, layout), size), layout)) == rows


def typed_rules(types, path="{}"):
    """Return lines that read back what JSON and XML write: dates and times as ISO 8601."""
    kinds = {"implied_decimal": ("decimal", ""), "boolean": ("boolean", "")}
    return [
        Rule(path.format(name), name, *kinds.get(kind, (kind, "")))
        for name, (kind, _argument) in types.items()
    ]


@given(tables(), st.sampled_from(["", "a", "a.b"]), st.integers(1, 50))
def test_json(table, path, size):
    types, rows = table
    assert mapped(typed_rules(types), read_json(pieces(write_json(rows, path), size), path)) == rows
    assert mapped(typed_rules(types), read_json_lines(pieces(write_json_lines(rows), size))) == rows


@given(tables(), st.sampled_from(["r/w", "r/x/w", "n:r/n:w"]), st.booleans(), st.integers(1, 50))
def test_xml(table, path, are_attributes, size):
    types, rows = table
    namespaces = {"n": "urn:n"}
    sign = "@" if are_attributes else ""
    documents = [{f"{sign}{name}": value for name, value in row.items()} for row in rows]
    written = write_xml(documents, path, namespaces)
    rules = typed_rules(types, sign + "{}")
    assert mapped(rules, read_xml(pieces(written, size), path, namespaces), XmlPaths(namespaces)) == rows


@given(tables())
def test_a_mapping_outwards_and_one_inwards_cancel_out(table):
    types, rows = table
    layout = CsvLayout(columns=tuple(Column(f"c_{name}", *kind) for name, kind in types.items()))
    outwards = [Rule(name, f"c_{name}", "copy") for name in types]
    inwards = [Rule(f"c_{name}", name, "copy") for name in types]
    cells = [CompiledMapping(outwards, JsonPaths()).apply(row) for row in rows]
    paths = ColumnPaths({column.name for column in layout.columns})
    assert mapped(inwards, read_csv(write_csv(cells, layout), layout), paths) == rows


FIXED = FixedWidthLayout(
    columns=(
        Column("id", start=2, width=4),
        Column("amount", "implied_decimal", "2", start=6, width=6, fill="0"),
        Column("day", "date", "YYYYMMDD", start=12, width=8),
        Column(
            "total",
            "implied_decimal",
            "2",
            start=2,
            width=8,
            role="trailer",
            check="total",
            check_column="amount",
        ),
    ),
    codes={"detail": "D", "trailer": "T"},
)
CSV = CsvLayout(columns=(Column("id"), Column("amount", "decimal"), Column("day", "date")))
ROWS = [
    {"id": "a", "amount": 1, "day": datetime.date(2026, 1, 31)},
    {"id": "é", "amount": -2, "day": datetime.date(2026, 2, 28)},
]
RULES = [
    Rule("id", "id"),
    Rule("amount", "amount", "decimal"),
    Rule("day", "day", "date"),
    Rule("id", "all", "copy"),
]
COLUMNS = ColumnPaths({"id", "amount", "day"})
SAMPLES = {
    "csv": (b"".join(write_csv(ROWS, CSV)), lambda chunks: read_csv(chunks, CSV), COLUMNS),
    "fixed": (
        b"".join(write_fixed_width(ROWS, FIXED)),
        lambda chunks: read_fixed_width(chunks, FIXED),
        COLUMNS,
    ),
    "json": (b"".join(write_json(ROWS, "d.r")), lambda chunks: read_json(chunks, "d.r"), JsonPaths()),
    "json lines": (b"".join(write_json_lines(ROWS)), read_json_lines, JsonPaths()),
    "xml": (b"".join(write_xml(ROWS, "r/w")), lambda chunks: read_xml(chunks, "r/w"), XmlPaths()),
}
NOISE = [
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"NaN", b"1E999999", b"[" * 500, b"<a>" * 300, b'"',
    b"\\ud800", b"\r", b"\n", b",,,", b"\x1a", b"T",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"9" * 5_000, b'{"id":1,"id":2}',
]  # fmt: skip


@st.composite
def damaged(draw, data):
    for _ in range(draw(st.integers(1, 4))):
        start, removed = draw(st.integers(0, len(data))), draw(st.integers(0, 30))
        inserted = draw(st.binary(max_size=6) | st.sampled_from(NOISE))
        data = data[:start] + inserted + data[start + removed :]
    return data


def outcome(chunks, read, language):
    """Return what becomes of the records, and the error of the file if it ends in one."""
    result = []
    try:
        for record in CompiledMapping(RULES, language).apply_all(read(chunks)):
            result.append((record.location, record.values, record.error and record.error.code))
    except IntegrationError as error:
        assert error.message and error.expected
        return error.code
    return result


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=200)
@given(data=st.data())
def test_damage_ends_in_errors_of_records_or_of_the_file(name, data):
    sample, read, language = SAMPLES[name]
    damaged_sample = data.draw(damaged(sample))
    whole = outcome([damaged_sample], read, language)
    in_pieces = outcome(pieces([damaged_sample], data.draw(st.integers(1, 40))), read, language)
    # of two faults the one that is met first is told, which may depend on the pieces
    assert in_pieces == whole or (isinstance(in_pieces, str) and isinstance(whole, str))


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.binary(max_size=300))
def test_any_bytes(name, data):
    _sample, read, language = SAMPLES[name]
    outcome([data], read, language)


def test_the_samples_are_sound():
    for sample, read, language in SAMPLES.values():
        assert [error for _location, _values, error in outcome([sample], read, language)] == [None, None]
