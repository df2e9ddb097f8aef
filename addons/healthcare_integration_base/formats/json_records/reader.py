"""Reads records from JSON: the items of a large array, wherever it is in the document, and JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from ...errors import DocumentError
from ..limits import MAX_RECORD_SIZE
from ..records import SourceRecord
from ..text import decode, split_lines
from .decoding import DECODER, check_value, json_error, loads, syntax_error, too_deep, too_large

_blanks = re.compile(r"[ \t\n\r]*").match
_FIRST_PIECE = 1 << 16


def read_json(chunks: Iterable[bytes], record_path: str = "") -> Iterator[SourceRecord]:
    """Yield the records of a JSON document as they stream in; one record is in memory at a time.

    :param record_path: where the records are: names with dots between them; empty for the document itself.
        An array there holds one record per item, an object is one record
    :raise DocumentError: if the document is wrong; what was yielded before is sound
    """
    scanner = _Scanner(decode(chunks))
    names = record_path.split(".") if record_path else []
    for number, data in enumerate(_records(scanner, names), 1):
        yield _record(number, f"record {number}", data)
    if scanner.peek():
        raise json_error("syntax", "Something follows the document.", "the end", "more", scanner.place())


def read_json_lines(chunks: Iterable[bytes]) -> Iterator[SourceRecord]:
    """Yield one record per line that is not blank; a line that is wrong does not stop the others."""
    number = 0
    for line_number, line in enumerate(split_lines(decode(chunks)), 1):
        if not line.strip():
            continue
        number += 1
        location = f"line {line_number}"
        try:
            data = loads(line.strip(" \t\r\n"))
        except DocumentError as error:
            error.location = ", ".join(filter(None, (location, error.location)))
            yield SourceRecord(number, location, None, error)
        else:
            yield _record(number, location, data)


def _record(number: int, location: str, data: object) -> SourceRecord:
    if isinstance(data, dict):
        return SourceRecord(number, location, data)
    error = json_error("record", "A record is no object.", "an object", type(data).__name__, location)
    return SourceRecord(number, location, None, error)


def _records(scanner: _Scanner, names: list[str]) -> Iterator[object]:
    if not names:
        yield from scanner.items() if scanner.peek() == "[" else iter([scanner.value()])
        return
    is_found = False
    for name in scanner.names():
        if name == names[0]:
            is_found = True
            yield from _records(scanner, names[1:])
        else:
            scanner.value()
    if not is_found:
        raise json_error(
            "records_missing", "The document has no records at their path.", names[0], "no such name"
        )


class _Scanner:
    """Decodes one value after the other from text that streams in."""

    def __init__(self, texts: Iterator[str]):
        self._texts = texts
        self._buffer = ""
        self._at = 0
        self._passed = 0  # characters that were before the buffer
        self._is_ended = False

    def place(self) -> str:
        return f"character {self._passed + self._at + 1}"

    def peek(self) -> str:
        """Return the next character that is not blank, or an empty text at the end."""
        while True:
            self._at = _blanks(self._buffer, self._at).end()
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._is_ended:
                return ""
            self._fill(1)

    def value(self) -> object:
        """Decode the next value.

        A text that ends too early is tried again with twice as much of it, until the end or the largest
        record, so that even a broken document is decoded no more than a few times over.
        """
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._is_ended:
                    raise syntax_error(error, self._passed) from None
            except RecursionError:
                raise too_deep() from None
            else:
                # a number that ends with the buffer may go on behind it
                if end < len(self._buffer) or self._is_ended:
                    check_value(self._buffer[self._at : end], value)
                    self._at = end
                    return value
            length = len(self._buffer) - self._at
            if length > MAX_RECORD_SIZE:
                raise too_large()
            self._fill(max(2 * length, _FIRST_PIECE))

    def items(self) -> Iterator[object]:
        """Yield the items of the array that comes next."""
        self._expect("[")
        if self.peek() == "]":
            self._expect("]")
            return
        while True:
            yield self.value()
            if self._expect(",", "]") == "]":
                return

    def names(self) -> Iterator[str]:
        """Yield the names of the object that comes next; each value must be read before the next name."""
        self._expect("{")
        if self.peek() == "}":
            self._expect("}")
            return
        seen: set[str] = set()
        while True:
            if self.peek() != '"':
                self._expect('"')
            name = self.value()
            if name in seen:
                raise json_error(
                    "key_repeated", "An object has a key twice.", "each key once", ascii(name)[:60]
                )
            seen.add(name)
            self._expect(":")
            yield name
            if self._expect(",", "}") == "}":
                return

    def _expect(self, *signs: str) -> str:
        sign = self.peek()
        if sign not in signs:
            expected = " or ".join(signs)
            raise json_error("syntax", "This is no JSON.", expected, ascii(sign) or "the end", self.place())
        self._at += 1
        return sign

    def _fill(self, wanted: int) -> None:
        """Read until the buffer holds that many characters from here on, or the text ends."""
        pieces = [self._buffer[self._at :]]
        size = len(pieces[0])
        while size < wanted:
            piece = next(self._texts, None)
            if piece is None:
                self._is_ended = True
                break
            pieces.append(piece)
            size += len(piece)
        self._passed += self._at
        self._buffer, self._at = "".join(pieces), 0
