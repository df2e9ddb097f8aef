"""The path languages of mappings: how a value is found in a record of a format. Pure Python.

A language checks a path when it is compiled, raising ValueError with a sentence, and gives functions that
read it. A path never calls anything: of JMESPath and XPath only what selects is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import jmespath
from jmespath.exceptions import JMESPathError
from lxml import etree

from ..date_patterns import InvalidValue
from ..limits import MAX_ITEMS

LONGEST_PATH = 200

Read = Callable[[object], object]


class PathLanguage(Protocol):
    def value(self, path: str) -> Read:
        """Return ``record -> value``, which is None where the record has none."""

    def items(self, path: str) -> Read:
        """Return ``record -> list of sub-records``."""


class JsonPaths:
    """JMESPath without functions, on dicts and lists: ``payer.id``, ``lines[0].code``, ``names[*].last``."""

    _SELECTING = frozenset(
        ("field", "subexpression", "index", "index_expression", "slice", "projection", "flatten", "pipe",
         "filter_projection", "comparator", "literal", "and_expression", "or_expression", "not_expression",
         "identity", "current")
    )  # fmt: skip

    def value(self, path: str) -> Read:
        expression = self._parse(path)
        keys = _plain_keys(expression.parsed)
        if keys is None:
            return lambda record: _found(expression, record)
        return _one_key(keys[0]) if len(keys) == 1 and isinstance(keys[0], str) else _chain(keys)

    def items(self, path: str) -> Read:
        read = self.value(path)

        def read_items(record: object) -> list[dict]:
            found = read(record)
            items = [] if found is None else [found] if isinstance(found, dict) else found
            if not isinstance(items, (list, tuple)) or not all(isinstance(item, dict) for item in items):
                raise InvalidValue("a list of objects")
            return _bounded(items)

        return read_items

    def _parse(self, path: str):
        if len(path) > LONGEST_PATH:
            raise ValueError(f"A path has at most {LONGEST_PATH} characters.")
        try:
            expression = jmespath.compile(path)
        except (JMESPathError, ValueError, RecursionError):
            raise ValueError(f"{path} is not a path. Write one as in payer.id or lines[0].code.") from None
        if others := {node["type"] for node in _nodes(expression.parsed)} - self._SELECTING:
            raise ValueError(f"{path}: a path only selects; {', '.join(sorted(others))} is not allowed.")
        return expression


def _found(expression, record: object) -> object:
    try:
        return expression.search(record)
    except (JMESPathError, TypeError, ValueError):
        raise InvalidValue("what the path compares") from None


def _nodes(node: dict):
    yield node
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _nodes(child)


def _plain_keys(node: dict) -> list[str | int] | None:
    """Return the keys and positions of a path that has nothing else, which need no interpreter."""
    if node["type"] in ("field", "index"):
        return [node["value"]]
    if node["type"] not in ("subexpression", "index_expression"):
        return None
    keys: list[str | int] = []
    for child in node["children"]:
        part = _plain_keys(child)
        if part is None:
            return None
        keys += part
    return keys


def _one_key(key: str) -> Read:
    return lambda record: record.get(key) if isinstance(record, dict) else None


def _chain(keys: list[str | int]) -> Read:
    def read(record: object) -> object:
        for key in keys:
            if isinstance(record, dict):
                record = record.get(key) if isinstance(key, str) else None
            elif isinstance(record, list) and isinstance(key, int) and -len(record) <= key < len(record):
                record = record[key]
            else:
                return None
        return record

    return read


class ColumnPaths:
    """Names of columns; ``header.`` and a name is a column of the file's header record."""

    def __init__(self, columns: Collection[str], header_columns: Collection[str] = ()):
        self._columns = columns
        self._header_columns = header_columns

    def value(self, path: str) -> Read:
        part, dot, name = path.partition(".")
        if dot and part == "header" and name in self._header_columns:
            return lambda record: record["header"].get(name)
        if path not in self._columns:
            raise ValueError(f"The column table has no column {path}.")
        return lambda record: record.get(path)

    def items(self, path: str) -> Read:
        raise ValueError("A row has no repeated group.")


class XmlPaths:
    """XPath 1.0 from the record's element downwards: ``Name/Last``, ``Line/@code``, ``Id[@type='EIN']``.

    An element's value is its text; several are a list.
    """

    _FUNCTIONS = frozenset(
        (
            "text",
            "node",
            "position",
            "last",
            "not",
            "contains",
            "starts-with",
            "normalize-space",
            "local-name",
        )
    )
    _QUOTED = re.compile("\"[^\"]*\"|'[^']*'")
    _CALL = re.compile(r"([\w:.-]+)\s*\(")
    _UPWARDS = re.compile(r"^\s*/|\|\s*/|\.\.|::|\$")

    def __init__(self, namespaces: Mapping[str, str] | None = None):
        self._namespaces = dict(namespaces or {})

    def value(self, path: str) -> Read:
        select = self._compile(path)

        def read(record: object) -> object:
            found = _selected(select, record)
            if not found:
                return None
            values = [item if isinstance(item, str) else _element_text(item) for item in _bounded(found)]
            return values[0] if len(values) == 1 else values

        return read

    def items(self, path: str) -> Read:
        select = self._compile(path)

        def read_items(record: object) -> list:
            items = _bounded(_selected(select, record))
            if any(isinstance(item, str) for item in items):
                raise InvalidValue("elements")
            return items

        return read_items

    def _compile(self, path: str) -> Callable:
        if len(path) > LONGEST_PATH:
            raise ValueError(f"A path has at most {LONGEST_PATH} characters.")
        bare = self._QUOTED.sub("''", path)
        if self._UPWARDS.search(bare):
            raise ValueError(f"{path}: a path starts at the record's element and goes downwards.")
        if others := set(self._CALL.findall(bare)) - self._FUNCTIONS:
            raise ValueError(f"{path}: a path only selects; {', '.join(sorted(others))}() is not allowed.")
        try:
            select = etree.XPath(path, namespaces=self._namespaces or None, regexp=False, smart_strings=False)
            is_selection = isinstance(select(etree.Element("record")), list)
        except (etree.XPathError, ValueError, TypeError) as error:
            raise ValueError(f"{path} is not a path: {error}.") from None
        if not is_selection:
            raise ValueError(f"{path}: a path selects elements, attributes or texts.")
        return select


def _selected(select: Callable, record: object) -> list:
    try:
        return select(record)
    except etree.XPathError:
        raise InvalidValue("what the path selects") from None


def _element_text(element) -> str:
    return element.text or "" if len(element) == 0 else "".join(element.itertext())


def _bounded(items):
    if len(items) > MAX_ITEMS:
        raise InvalidValue(f"at most {MAX_ITEMS} items")
    return items
