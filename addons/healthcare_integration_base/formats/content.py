"""What a payload tells of itself at its beginning: closed and cheap, for routes to choose a flow by."""

from __future__ import annotations

import codecs
import contextlib
import csv
import json
import re
from functools import cached_property
from xml.parsers import expat

HEAD_SIZE = 64 << 10
_MARKS = {
    "x12": (b"ISA",),
    "edifact": (b"UNA", b"UNB"),
    "hl7": (b"MSH|",),
    "xml": (b"<",),
    "json": (b"{", b"["),
}
_DELIMITERS = ",;\t|"
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+)', re.DOTALL)
_DEEPEST = 100


class Content:
    """The first 64 KiB of any payload: what cannot be read matches nothing and raises nothing."""

    def __init__(self, head: bytes):
        self._head = head[:HEAD_SIZE].removeprefix(codecs.BOM_UTF8)

    @cached_property
    def kind(self) -> str:
        """``x12``, ``edifact``, ``hl7``, ``xml``, ``json``, ``csv``, or the empty text for anything else."""
        start = self._head.lstrip()[:4]
        for kind, marks in _MARKS.items():
            if start.startswith(marks):
                return kind
        return "csv" if len(self.columns) > 1 else ""

    def describe(self) -> str:
        """Return what it looks like, without a value: the first line of a table may hold names."""
        if self.kind == "xml":
            return f"XML with the root element {self.xml_root[-100:] or '?'}"
        if self.kind == "csv":
            return f"CSV of {len(self.columns)} columns"
        return self.kind.upper() or "no known format"

    # === XML === #

    @cached_property
    def xml_root(self) -> str:
        """The root element as ``{namespace}name``, the empty text if there is none.

        A document type declaration is not read: partners' documents have none, attacks have.
        """
        names: list[str] = []
        parser = expat.ParserCreate(namespace_separator="}")

        def start(name, _attributes):
            names.append(name)
            raise StopIteration

        def refuse(*_declaration):
            raise StopIteration

        parser.StartElementHandler = start
        parser.StartDoctypeDeclHandler = refuse
        # Anything that is no XML has no root element.
        with contextlib.suppress(StopIteration, expat.ExpatError, LookupError, ValueError):
            parser.Parse(self._head, False)
        name = names[0] if names else ""
        return f"{{{name}" if "}" in name else name

    def has_root(self, name: str) -> bool:
        """Tell whether the root element is of a name, with its namespace in braces or without."""
        root = self.xml_root
        return bool(root) and name in (root, root.rpartition("}")[2])

    # === CSV === #

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The cells of the first line, split at the delimiter that it has most of."""
        line = self._head.lstrip().splitlines()[:1]
        if not line or b"\0" in line[0]:
            return ()
        try:
            text = line[0].decode("utf-8")
        except UnicodeDecodeError:
            text = line[0].decode("latin-1")
        delimiter = max(_DELIMITERS, key=text.count)
        try:
            row = next(csv.reader([text], delimiter=delimiter), [])
        except csv.Error:
            return ()
        return tuple(cell.strip() for cell in row)

    def has_columns(self, names: str) -> bool:
        """Tell whether the first line has all the columns of a list with commas; case does not count."""
        wanted = {name.strip().lower() for name in names.split(",") if name.strip()}
        return bool(wanted) and wanted <= {column.lower() for column in self.columns}

    # === JSON === #

    def json_value(self, pointer: str) -> str | None:
        """Return the text of the scalar at an RFC 6901 pointer, ``""`` at an object or array, else None.

        Reads token by token, so that a document that goes on behind the head is no hindrance.
        """
        if self.kind != "json" or (pointer and not pointer.startswith("/")):
            return None
        wanted = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        return next((value for path, value in self._json_values() if path == wanted), None)

    def _json_values(self):
        """Yield the path and the text of each value as it begins."""
        text = self._head.decode("utf-8", errors="ignore")
        path: list[str | int] = []
        key, position = None, 0
        for token in _TOKEN.finditer(text):
            if token.start() != position:
                return
            position = token.end()
            word = token[1]
            if word in "}]":
                if not path:
                    return
                path.pop()
            elif word == ",":
                if path and isinstance(path[-1], int):
                    path[-1] += 1
                key = None
            elif word == ":":
                if not path or isinstance(path[-1], int):
                    return
                path[-1] = key
            elif path and isinstance(path[-1], str) and key is None:
                key = _unquoted(word)
            else:
                yield [str(part) for part in path], "" if word in "{[" else _unquoted(word)
                if word in "{[":
                    if len(path) == _DEEPEST:
                        return
                    path.append("" if word == "{" else 0)
                    key = None


def _unquoted(word: str) -> str:
    """Return the text of a string, the literal itself otherwise; damaged escapes stay as they are."""
    if not word.startswith('"'):
        return word
    try:
        return json.loads(word, strict=False)
    except ValueError:
        return word[1:-1]
