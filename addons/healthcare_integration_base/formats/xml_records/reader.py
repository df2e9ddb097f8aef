"""Reads records from XML, one element at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from ...errors import DocumentError
from ..limits import MAX_DEPTH, MAX_RECORD_SIZE
from ..records import SourceRecord
from .names import clark_name
from .parser import closed_pull_parser, closed_text, xml_error


def read_xml(
    chunks: Iterable[bytes], record_path: str = "", namespaces: Mapping[str, str] | None = None
) -> Iterator[SourceRecord]:
    """Yield the records of an XML document as they stream in; each lives until the next.

    :param record_path: where the records are: ``Workers/Worker`` from the root, ``Worker`` anywhere; empty:
        the document is one record
    :param namespaces: ``{prefix: namespace}`` of the record path
    :raise DocumentError: if the document is wrong; what was yielded before is sound
    """
    parser = closed_pull_parser()
    walk = _Walk(parser, _path_names(record_path, namespaces))
    try:
        for text in closed_text(chunks):
            parser.feed(text.encode())
            yield from walk.records(len(text))
        parser.close()
        yield from walk.records(0)
    except etree.XMLSyntaxError as error:
        raise _syntax_error(error) from None


def _path_names(record_path: str, namespaces: Mapping[str, str] | None) -> list[str]:
    return [clark_name(name, namespaces) for name in record_path.split("/")] if record_path else []


def _syntax_error(error: etree.XMLSyntaxError) -> DocumentError:
    line, column = error.position
    if "depth" in error.msg:
        return _too_deep()
    # of the parser's sentence only the kind is told: the rest may quote the document
    kind = etree.ErrorTypes._getName(error.code, "syntax").removeprefix("ERR_").replace("_", " ").lower()
    return xml_error("syntax", "This is no XML.", "well-formed XML", kind, f"line {line}, column {column}")


def _too_deep() -> DocumentError:
    return xml_error("too_deep", "Elements are nested too deep.", f"at most {MAX_DEPTH} levels", "more")


class _Walk:
    """Follows the parser's events, and gives out the record elements."""

    def __init__(self, parser: etree.XMLPullParser, names: list[str]):
        self._events = parser.read_events()
        self._names = names
        self._open: list[str] = []
        self._record_depth = 0
        self._number = 0
        self._size = 0

    def records(self, fed: int) -> Iterator[SourceRecord]:
        """Yield the records that are complete.

        :param fed: characters that the parser got since the last call
        """
        self._size += fed
        for event, element in self._events:
            if event == "start":
                self._start(element)
            elif self._end():
                self._number += 1
                location = f"record {self._number}, line {element.sourceline}"
                yield SourceRecord(self._number, location, element)
                self._size = 0
                _release(element)
        if self._size > MAX_RECORD_SIZE:
            raise xml_error("too_large", "A record is too large.", f"{MAX_RECORD_SIZE} characters", "more")

    def _start(self, element) -> None:
        if not self._open and element.getroottree().docinfo.internalDTD is not None:
            raise xml_error("doctype", "The document has a document type.", "no DOCTYPE", "DOCTYPE", "prolog")
        self._open.append(element.tag)
        if len(self._open) > MAX_DEPTH:
            raise _too_deep()
        if not self._record_depth and self._is_record():
            self._record_depth = len(self._open)

    def _is_record(self) -> bool:
        if len(self._names) == 1:
            return self._open[-1] == self._names[0]
        return self._open == self._names if self._names else len(self._open) == 1

    def _end(self) -> bool:
        """Leave an element; tell whether that ends a record."""
        is_record = len(self._open) == self._record_depth
        self._open.pop()
        if is_record:
            self._record_depth = 0
        return is_record


def _release(element) -> None:
    """Free a record that was read, and all before it."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
