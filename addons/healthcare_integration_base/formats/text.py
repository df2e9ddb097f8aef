"""From bytes to text and lines, strictly: what is not certain is an error that names its place."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from ..errors import DocumentError
from .limits import MAX_RECORD_SIZE

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16 with byte order mark",
    "ascii": "ASCII",
    "iso-8859-1": "ISO 8859-1 (Latin 1)",
    "iso-8859-15": "ISO 8859-15 (Latin 9)",
    "windows-1252": "Windows-1252",
}
BYTE_ORDER_MARK = "\ufeff"


def decode(chunks: Iterable[bytes], encoding: str = "utf-8") -> Iterator[str]:
    """Yield the text of chunks of bytes, without a byte order mark.

    :param encoding: a key of :data:`ENCODINGS`
    :raise DocumentError: ``text.encoding`` or ``text.nul``, with the offset in bytes
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    consumed, is_first = 0, True
    for chunk in chunks:
        text = _decoded(decoder, chunk, consumed, encoding)
        consumed += len(chunk)
        if is_first and text:
            text, is_first = text.removeprefix(BYTE_ORDER_MARK), False
        if text:
            yield text
    if text := _decoded(decoder, b"", consumed, encoding, is_last=True):
        yield text


def _decoded(decoder, chunk: bytes, consumed: int, encoding: str, *, is_last: bool = False) -> str:
    waiting = len(decoder.getstate()[0])
    try:
        text = decoder.decode(chunk, is_last)
    except UnicodeError as error:
        start = consumed - waiting + getattr(error, "start", 0)
        raise DocumentError(
            code="text.encoding",
            message=f"The file is not text in the encoding {ENCODINGS[encoding]}.",
            location=f"byte {start}",
            expected=ENCODINGS[encoding],
            found=getattr(error, "reason", "another byte order"),
            remedy="Ask the sender which encoding the file has, and set it in the mapping.",
        ) from None
    if "\0" in text:
        raise DocumentError(
            code="text.nul",
            message="The file holds a NUL character, which no text does.",
            location=f"near byte {consumed - waiting}",
            expected="text",
            found="NUL",
            remedy="Ask the sender for a text file, or set another encoding in the mapping.",
        )
    return text


def is_storable(text: str) -> bool:
    """Tell whether a database keeps a text: JSON can spell NUL, and half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def split_lines(texts: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a text with their ends; only a line feed ends one.

    :raise DocumentError: ``text.line_too_long``
    """
    rest = ""
    for text in texts:
        # only what is new is searched, so that one long line costs no more than many short ones
        first, line_feed, tail = text.partition("\n")
        rest += first
        _refuse_long(rest)
        if not line_feed:
            continue
        yield rest + line_feed
        *whole, rest = tail.split("\n")
        for line in whole:
            yield line + line_feed
    if rest:
        yield rest


def _refuse_long(line: str) -> None:
    if len(line) > MAX_RECORD_SIZE:
        raise DocumentError(
            code="text.line_too_long",
            message="A line of the file is too long.",
            expected=f"at most {MAX_RECORD_SIZE} characters",
            found="more",
            remedy="Check the file: its lines must end with a line feed.",
        )


def encode(texts: Iterable[str], encoding: str = "utf-8", *, has_mark: bool = False) -> Iterator[bytes]:
    """Yield pieces of text as bytes; UTF-16 always begins with its byte order mark.

    :raise DocumentError: ``text.not_encodable``, if the encoding lacks a character
    """
    encoder = codecs.getincrementalencoder(encoding)("strict")
    if has_mark and encoding == "utf-8":
        yield codecs.BOM_UTF8
    for text in texts:
        try:
            data = encoder.encode(text)
        except UnicodeEncodeError as error:
            raise DocumentError(
                code="text.not_encodable",
                message=f"A character cannot be written in {ENCODINGS[encoding]}.",
                expected=f"characters of {ENCODINGS[encoding]}",
                found=f"U+{ord(error.object[error.start]):04X}",
                remedy="Choose UTF-8 if the partner can read it, or correct the value.",
            ) from None
        if data:
            yield data
