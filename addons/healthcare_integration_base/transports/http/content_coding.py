"""Undoes the content coding of an answer in pieces of bounded size, whatever the answer inflates to.

Requests ask for no coding (``Accept-Encoding: identity``), but some servers compress whatever is asked. The
decoders of the HTTP library are not used: not all releases of it bound what a block inflates to.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from .errors import PROTOCOL, LostAnswerError, coding_unknown, made

BLOCK = 64 * 1024
_NONE = ("", "identity")
_INFLATED = ("gzip", "x-gzip", "deflate")
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS


def is_known(coding: str) -> bool:
    """Return whether bodies of a Content-Encoding can be read; it is empty without the header."""
    return _name(coding) in (*_NONE, *_INFLATED)


def decoded(blocks: Iterator[bytes], coding: str, place: str) -> Iterator[bytes]:
    """Yield the content of a body, in pieces of at most the larger of its blocks and :data:`BLOCK`.

    :raises UnreadAnswerError: a body is in a coding that is not known here
    :raises LostAnswerError: the body is not compressed as it says, or is cut off
    """
    if _name(coding) in _NONE:
        yield from blocks
    elif is_known(coding):
        yield from _inflated(blocks, place)
    elif next(blocks, b""):
        raise coding_unknown(place, _name(coding))


def _name(coding: str) -> str:
    return coding.strip().lower()


def _inflated(blocks: Iterator[bytes], place: str) -> Iterator[bytes]:
    stream = None
    for block in blocks:
        while block:
            if stream is None or stream.eof:  # one member of gzip may follow the other
                stream = zlib.decompressobj(_ZLIB_OR_GZIP)
            try:
                piece = stream.decompress(block, BLOCK)
            except zlib.error:
                raise _damaged(place) from None
            yield piece
            block = stream.unused_data if stream.eof else stream.unconsumed_tail
    if stream is not None and not stream.eof:
        raise _damaged(place)


def _damaged(place: str) -> LostAnswerError:
    return made(LostAnswerError, PROTOCOL, place, "content that does not decompress")
