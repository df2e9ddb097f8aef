"""From bytes to segments, in constant memory.

Three levels, each usable alone:

* :func:`read_blocks` cuts a source into blocks of whole segments that share delimiters;
* :func:`block_text`, :func:`segment_texts` and :func:`split_elements` turn a block into segments, each a
  list of strings: ``["CLP", "A1", "1", ...]``;
* :func:`read_segments` does both for a source whose delimiters are known.

Line breaks that do not end segments are not data (values hold no control characters), nor is white
space in front of a segment. A source is ``bytes``, an open binary file or any iterable of ``bytes``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import BinaryIO

from ...errors import DocumentError, Finding
from .delimiters import HEADER_BYTES, Delimiters, find_header
from .findings import FindingLog

Source = bytes | BinaryIO | Iterable[bytes]
Segment = list[str]

#: What a chunk is split into fits the processor's cache: larger chunks read measurably slower.
CHUNK_BYTES = 32 * 1024
#: No segment of a business document comes near this: more means that its terminator is another one.
SEGMENT_BYTES_LIMIT = 1024 * 1024

_HEADER_START = re.compile(rb"ISA([^A-Za-z0-9\s])[0-9A-Z ]{2}\1")
# what _HEADER_START matches must be visible before the bytes in front of it are given away
_LOOKAHEAD_BYTES = 8
_INDENTATION_BYTES = 64
_INDENTATION = " \t"
_BYTES_BEFORE_SEGMENT = b" \t\r\n"
_END_OF_FILE_PADDING = " \t\r\n\x1a"


@dataclass(slots=True)
class Block:
    """Some whole segments as received: ``data[0]`` is byte ``offset`` of the source."""

    data: bytes
    offset: int
    delimiters: Delimiters


def read_chunks(source: Source, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the bytes of a source piece by piece."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        for start in range(0, len(source), size):
            yield bytes(source[start : start + size])
    elif hasattr(source, "read"):
        while chunk := source.read(size):
            yield chunk
    else:
        yield from source


def read_blocks(
    source: Source, findings: FindingLog, delimiters: Delimiters | None = None
) -> Iterator[Block]:
    """Cut a source into blocks; each interchange brings its own delimiters unless they are given.

    :raises DocumentError: when the source is no X12 at all (see :func:`.delimiters.find_header`), or
        ``x12.segment_too_long``. A damaged header further on ends the reading with a finding.
    """
    cutter = _BlockCutter(findings, delimiters)
    for chunk in read_chunks(source):
        yield from cutter.feed(chunk)
    yield from cutter.finish()


def block_text(block: Block, findings: FindingLog) -> str:
    """Return the text of a block without what is no data: line breaks, padding at the end of the file."""
    data = block.data
    line_breaks = block.delimiters.line_breaks
    if any(byte in data for byte in line_breaks):
        data = data.translate(None, line_breaks)
    text = _decode(data, block, findings)
    rest = text[text.rfind(block.delimiters.segment) + 1 :]
    if rest.strip(_END_OF_FILE_PADDING):
        findings.add(_unterminated(block))
        return text
    return text[: len(text) - len(rest)]


def segment_texts(text: str, delimiters: Delimiters) -> list[str]:
    """Split the text of a block into segments that start with their identifier; blank ones are left out."""
    stripped = (piece.lstrip(_INDENTATION) for piece in text.split(delimiters.segment))
    return [piece for piece in stripped if piece]


def split_elements(texts: Iterable[str], delimiters: Delimiters) -> Iterator[Segment]:
    """Return an iterator that takes each segment apart when it is asked for."""
    return map(str.split, texts, repeat(delimiters.element))


def raw_segments(block: Block, findings: FindingLog) -> Iterator[tuple[bytes, int, int]]:
    """Yield what :func:`segment_texts` returns, undecoded, with the byte range in the source.

    The range goes from the first byte of the identifier to behind the terminator.
    """
    terminator = block.delimiters.segment.encode("ascii")
    line_breaks = block.delimiters.line_breaks
    pieces = block.data.split(terminator)
    rest = pieces.pop()
    end = block.offset
    for piece in pieces:
        start = end
        end += len(piece) + 1
        text = piece.lstrip(_BYTES_BEFORE_SEGMENT)
        if text:
            yield text.translate(None, line_breaks), start + len(piece) - len(text), end
    text = rest.lstrip(_BYTES_BEFORE_SEGMENT)
    if text.strip(_END_OF_FILE_PADDING.encode("ascii")):
        findings.add(_unterminated(block))
        yield text.translate(None, line_breaks), end + len(rest) - len(text), end + len(rest)


def read_segments(
    source: Source, delimiters: Delimiters, findings: FindingLog | None = None
) -> Iterator[Segment]:
    """Yield the segments of a source whose delimiters are known, without looking at envelopes."""
    log = FindingLog() if findings is None else findings
    texts = (block_text(block, log) for block in read_blocks(source, log, delimiters))
    return chain.from_iterable(split_elements(segment_texts(text, delimiters), delimiters) for text in texts)


class _BlockCutter:
    """Collects chunks and gives away whole segments, never across the start of an interchange.

    The buffer always starts where a segment starts, whatever the size of the chunks.
    """

    def __init__(self, findings: FindingLog, delimiters: Delimiters | None):
        self._findings = findings
        self._one_interchange = delimiters is not None
        self._delimiters = delimiters
        self._buffer = b""
        self._offset = 0
        self._at_own_header = False
        self._interchanges = 0
        self._stopped = False

    def feed(self, chunk: bytes) -> Iterator[Block]:
        if not self._stopped:
            self._buffer += chunk
            yield from self._cut(final=False)

    def finish(self) -> Iterator[Block]:
        if not self._stopped and (self._buffer or not self._interchanges):
            yield from self._cut(final=True)

    def _cut(self, final: bool) -> Iterator[Block]:
        while self._delimiters or self._open_interchange(final):
            start = self._further_header()
            if start is None:
                yield from self._give_whole_segments(final)
                return
            if start:
                yield self._take(start)
            self._delimiters = None

    def _open_interchange(self, final: bool) -> bool:
        """Read the header at the start of the buffer; False when more bytes are needed or reading ended."""
        if len(self._buffer) < HEADER_BYTES and not final:
            return False
        try:
            header = find_header(self._buffer[:HEADER_BYTES], self._offset)
        except DocumentError as error:
            if not self._interchanges:
                raise
            self._stop(error)
            return False
        self._findings.extend(header.findings)
        self._skip(header.start)
        self._delimiters = header.delimiters
        self._interchanges += 1
        self._at_own_header = True
        return True

    def _further_header(self) -> int | None:
        """Return where in the buffer another interchange starts."""
        if self._one_interchange or b"ISA" not in self._buffer:
            return None
        for match in _HEADER_START.finditer(self._buffer, 1 if self._at_own_header else 0):
            if self._starts_segment(match.start()):
                return match.start()
        return None

    def _starts_segment(self, position: int) -> bool:
        start = max(0, position - _INDENTATION_BYTES)
        before = self._buffer[start:position].rstrip(b" \t")
        if not before:
            return start == 0
        return before[-1:] in (b"\r", b"\n", self._delimiters.segment.encode("ascii"))

    def _give_whole_segments(self, final: bool) -> Iterator[Block]:
        if final:
            end = len(self._buffer)
        else:
            visible = max(0, len(self._buffer) - _LOOKAHEAD_BYTES)
            end = self._buffer.rfind(self._delimiters.segment.encode("ascii"), 0, visible) + 1
        if end:
            yield self._take(end)
        if len(self._buffer) > SEGMENT_BYTES_LIMIT:
            raise _too_long(self._offset, self._delimiters)

    def _take(self, length: int) -> Block:
        block = Block(self._buffer[:length], self._offset, self._delimiters)
        self._skip(length)
        self._at_own_header = False
        return block

    def _skip(self, length: int) -> None:
        self._buffer = self._buffer[length:]
        self._offset += length

    def _stop(self, error: DocumentError) -> None:
        self._stopped = True
        self._buffer = b""
        self._findings.add(
            Finding(
                code=error.code,
                message=f"{error.message}; nothing behind it was read",
                location=error.location,
                expected=error.expected,
                found=error.found,
                remedy=error.remedy,
            )
        )


def _decode(data: bytes, block: Block, findings: FindingLog) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return block.delimiters.segment.join(_segment_by_segment(block, findings))


def _segment_by_segment(block: Block, findings: FindingLog) -> Iterator[str]:
    end = block.offset
    for piece in block.data.split(block.delimiters.segment.encode("ascii")):
        start = end + len(piece) - len(piece.lstrip(_BYTES_BEFORE_SEGMENT))
        yield decode_segment(piece.translate(None, block.delimiters.line_breaks), start, findings)
        end += len(piece) + 1


def decode_segment(data: bytes, start: int, findings: FindingLog) -> str:
    """Return the text of bytes that should be UTF-8, else read as Latin-1 with a finding.

    :param start: where the segment's identifier stands in the source
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        findings.add(
            Finding(
                code="x12.encoding",
                message="A segment is not UTF-8; it was read as Latin-1",
                location=f"the segment at byte {start}",
                expected="UTF-8",
                found="bytes above 7F that are not UTF-8",
                remedy="Compare names with accents; agree on UTF-8 with the sender",
                severity="warning",
            )
        )
        return data.decode("latin-1")


def _unterminated(block: Block) -> Finding:
    return Finding(
        code="x12.segment_unterminated",
        message="The last segment has no terminator: the file may have been cut off",
        location=f"byte {block.offset + len(block.data)}",
        expected=repr(block.delimiters.segment),
        found="the end of the data",
        remedy="Check that the envelope is complete; if it is not, ask the sender for the whole file",
        severity="warning",
    )


def _too_long(offset: int, delimiters: Delimiters) -> DocumentError:
    return DocumentError(
        code="x12.segment_too_long",
        message="A segment does not end",
        location=f"byte {offset}",
        expected=f"{delimiters.segment!r} within {SEGMENT_BYTES_LIMIT} bytes",
        found="none",
        remedy="Ask the sender for the file again: it is damaged, or not what its header says",
    )
