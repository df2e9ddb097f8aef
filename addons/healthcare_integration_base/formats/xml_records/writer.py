"""Writes canonical documents as XML: names are elements, ``@name`` attributes, ``#text`` the own text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from lxml import etree

from ..date_patterns import InvalidValue, datetime_formatter
from ..limits import MAX_DEPTH
from ..value_types import plain_text
from .names import clark_name
from .parser import xml_error

_write_datetime = datetime_formatter("")
# XML 1.0, section 2.2
_find_other = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]").search


def write_xml(
    documents: Iterable[dict], record_path: str, namespaces: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """Yield an XML document in UTF-8 with one element per document; a list repeats its element.

    :param record_path: names of the elements from the root to the record: ``Workers/Worker``
    :param namespaces: ``{prefix: namespace}`` of the names
    :raise DocumentError: ``xml.value``, ``xml.name``
    """
    names = record_path.split("/")
    if len(names) < 2 or not all(names):
        raise xml_error(
            "name", "The path of the records names no root.", "a path as Workers/Worker", record_path
        )
    yield b"<?xml version='1.0' encoding='UTF-8'?>\n"
    try:
        opening, closing = _frame(names[:-1], namespaces)
        yield opening
        for number, document in enumerate(documents, 1):
            yield _record(document, names[-1], namespaces, number)
        yield closing
    except ValueError as error:
        raise xml_error("name", "A name cannot be written as XML.", "names of elements", str(error)) from None


def _frame(names: list[str], namespaces: Mapping[str, str] | None) -> tuple[bytes, bytes]:
    """Return what is before the records and what is behind them."""
    root = element = etree.Element(clark_name(names[0], namespaces), nsmap=dict(namespaces or {}))
    for name in names[1:]:
        element = etree.SubElement(element, clark_name(name, namespaces))
    element.text = "\n"
    text = etree.tostring(root)
    at = text.index(b"\n</") + 1
    return text[:at], text[at:] + b"\n"


def _record(document: dict, name: str, namespaces: Mapping[str, str] | None, number: int) -> bytes:
    root = etree.Element("root", nsmap=dict(namespaces or {}))
    element = etree.SubElement(root, clark_name(name, namespaces))
    try:
        _fill(element, document, namespaces, 0)
    except InvalidValue as error:
        raise xml_error(
            "value", "A value cannot be written as XML.", error.expected, "another", f"record {number}"
        ) from None
    # the declarations of the namespaces stand at the root of the file, once
    text = etree.tostring(root)
    return text[text.index(b">") + 1 : text.rindex(b"</root>")] + b"\n"


def _fill(element, values: Mapping, namespaces: Mapping[str, str] | None, depth: int) -> None:
    if depth > MAX_DEPTH - 2:
        raise InvalidValue(f"at most {MAX_DEPTH} levels")
    for name, value in values.items():
        if name == "#text":
            element.text = _text(value)
        elif name.startswith("@"):
            element.set(clark_name(name[1:], namespaces), _text(value))
        else:
            for item in value if isinstance(value, (list, tuple)) else [value]:
                child = etree.SubElement(element, clark_name(name, namespaces))
                if isinstance(item, dict):
                    _fill(child, item, namespaces, depth + 1)
                else:
                    child.text = _text(item)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _write_datetime(value)
    if isinstance(value, date):
        return value.isoformat()
    text = value if isinstance(value, str) else plain_text(value)
    if _find_other(text):
        raise InvalidValue("a text of characters that XML has")
    return text
