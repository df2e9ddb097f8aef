"""Readers of records with samples of their formats, and mappings of what they find."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

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
from odoo.addons.healthcare_integration_base.formats.records import SourceRecord
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

TYPES = {
    "id": ("text", ""),
    "amount": ("implied_decimal", "2"),
    "rate": ("decimal", ","),
    "units": ("integer", ""),
    "day": ("date", "YYYYMMDD"),
    "at": ("datetime", "YYYY-MM-DD HH:mm@America/Chicago"),
    "active": ("boolean", "Y/N"),
}
ROWS = [
    {
        "id": f"Ann {number}",
        "amount": number - 2,
        "rate": number + 5,
        "units": number,
        "day": datetime.date(2026, 2, 27 + number),
        "at": datetime.datetime(2026, 1, 31, 23, number),
        "active": number % 2 == 0,
    }
    for number in range(2)
]
DOCUMENTS = [{**row, "lines": [{"code": "A", "amount": 1}, {"code": "é", "amount": -2}]} for row in ROWS]
RULES = [
    Rule("id", "id", is_required=True),
    Rule("id", "name", "upper", is_private=True),
    Rule("amount", "amount", "decimal"),
    Rule("units", "units", "integer"),
    Rule("day", "day", "date"),
    Rule("at", "at", "datetime"),
    Rule("active", "active", "boolean"),
    Rule("lines", "lines", "group"),
    Rule("code", "lines.code"),
    Rule("amount", "lines.amount", "decimal", default="0"),
]
XML_RULES = [*RULES, Rule("@id", "attribute"), Rule("lines[1]/code", "first"), Rule("n:a", "other")]
NAMESPACES = {"n": "urn:n"}

TABLE_WORDS = (
    *(b",", b";", b"\t", b"'", b'"', b'""', b"\n", b"\r", b"\x1a", b"\n\n", b" " * 30, b"," * 40, b"a" * 300),
    *(b"H", b"D", b"T", b"Y", b"+", b"-,", b"9" * 40, b"0" * 8, b"id", b"\nD", b"\nT00002", b"\nH"),
)
JSON_WORDS = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"\\",
        b"\n",
        b"[" * 200,
        b'{"d":' * 80,
        b"\\ud800",
        b"\\u0000",
    ),
    *(
        b"null",
        b"tru",
        b"-",
        b"1" * 50,
        b"1E400",
        b"1e-99999",
        b'{"id":1,"id":2}',
        b'"lines":',
        b'"d":',
        b'"r":',
    ),
)
XML_WORDS = (
    *(b"<", b">", b"/>", b"</w>", b"<w>", b"<r>", b"&", b"&amp;", b"&b;", b"&#0;", b"&#xD800;", b"<a>" * 70),
    *(
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?a",
        b"?>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
        b"n:",
        b" a='1'",
    ),
    *(
        b"encoding='utf-16'",
        b"encoding='iso-8859-1'",
        b"xmlns:n='urn:n'",
        b"xmlns=''",
        b"<lines/>",
        b"<n:a/>",
    ),
)


@dataclass(frozen=True)
class Reader:
    """One format as configured, e.g. CSV with a layout.

    :ivar samples: sound files
    :ivar words: what upsets this format
    """

    samples: list[bytes]
    read: Callable[[Iterable[bytes]], Iterator[SourceRecord]]
    mapping: CompiledMapping
    words: tuple[bytes, ...]


def _csv(**options) -> Reader:
    layout = CsvLayout(**options)
    return _table(layout, write_csv, lambda chunks: read_csv(chunks, layout))


def _fixed_width(**options) -> Reader:
    layout = FixedWidthLayout(**options)
    return _table(layout, write_fixed_width, lambda chunks: read_fixed_width(chunks, layout))


def _table(layout, write, read) -> Reader:
    assert layout.problems() == []
    sample = b"".join(write(ROWS, layout, {"sender": "Ward"} if layout.codes else None))
    before = "".join(f"line {number}\n" for number in range(layout.skip_rows)).encode(layout.encoding)
    of_header = {column.name for column in layout.columns_of("header")}
    rules = [Rule(name, name, "copy") for name in TYPES]
    rules += [Rule(f"header.{name}", f"file.{name}", "copy") for name in sorted(of_header)]
    return Reader(
        [before + sample], read, CompiledMapping(rules, ColumnPaths(set(TYPES), of_header)), TABLE_WORDS
    )


def _json(path: str) -> Reader:
    samples = [b"".join(write_json(DOCUMENTS[:count], path)) for count in (1, 2)]
    return Reader(
        samples, lambda chunks: read_json(chunks, path), CompiledMapping(RULES, JsonPaths()), JSON_WORDS
    )


def _json_lines() -> Reader:
    samples = [b"".join(write_json_lines(DOCUMENTS))]
    return Reader(samples, read_json_lines, CompiledMapping(RULES, JsonPaths()), JSON_WORDS)


def _xml(written_path: str, path: str) -> Reader:
    documents = [{**document, "@id": "7", "n:a": "ß"} for document in DOCUMENTS]
    samples = [b"".join(write_xml(documents, written_path, NAMESPACES))]
    mapping = CompiledMapping(XML_RULES, XmlPaths(NAMESPACES))
    return Reader(samples, lambda chunks: read_xml(chunks, path, NAMESPACES), mapping, XML_WORDS)


def _columns(**places) -> tuple[Column, ...]:
    """Return a column for each type; a place is a function of the column's index."""
    return tuple(
        Column(
            name,
            *kind,
            is_required=name == "id",
            is_private=name == "id",
            **{place: at(index) for place, at in places.items()},
        )
        for index, (name, kind) in enumerate(TYPES.items())
    )


def _control_columns(**places) -> tuple[Column, ...]:
    """Return the columns of a header and of a trailer that states count and total."""
    return tuple(
        Column(name, *kind, role=role, **checks, **{place: at(index) for place, at in places.items()})
        for index, (name, kind, role, checks) in enumerate(
            [
                ("sender", ("text", ""), "header", {}),
                ("records", ("integer", ""), "trailer", {"check": "record_count"}),
                ("total", ("implied_decimal", "2"), "trailer", {"check": "total", "check_column": "amount"}),
            ]
        )
    )


CODES = {"header": "H", "detail": "D", "trailer": "T"}
#: Column tables of files whose details stand between a header and a trailer, with a code before each.
CODED_CELLS = _columns(position=lambda index: index + 2) + _control_columns(position=lambda index: index + 2)
CODED_PLACES = _columns(start=lambda index: 2 + 20 * index, width=lambda _index: 20) + _control_columns(
    start=lambda index: 2 + 20 * index, width=lambda _index: 20
)

READERS = {
    "csv": _csv(columns=_columns()),
    "csv with codes": _csv(
        columns=CODED_CELLS, codes=CODES, has_titles=False, delimiter=";", quote="'", encoding="windows-1252"
    ),
    "csv without quotes": _csv(columns=_columns(), delimiter="\t", quote="", skip_rows=1, line_end="\r\n"),
    "fixed width": _fixed_width(
        columns=_columns(start=lambda index: 1 + 20 * index, width=lambda _index: 20), encoding="utf-16"
    ),
    "fixed width with codes": _fixed_width(columns=CODED_PLACES, codes=CODES, allows_short_rows=True),
    "json": _json(""),
    "json below a path": _json("d.r"),
    "json lines": _json_lines(),
    "xml": _xml("r/w", "r/w"),
    "xml anywhere": _xml("r/n:b/w", "w"),
    "xml as one record": _xml("r/w", ""),
}
