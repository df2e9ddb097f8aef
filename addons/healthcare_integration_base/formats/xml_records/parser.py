"""A closed XML parser: no document type, no entities of its own, no network, bounded depth and size.

The text is decoded here and handed to the parser as UTF-8, so that what is checked is what is parsed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from lxml import etree

from ...errors import DocumentError
from ..text import ENCODINGS, decode

LONGEST_PROLOG = 1 << 16
_PIECE = 1 << 15
_DECLARED = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_PROLOG_PART = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_ALIASES = {"us-ascii": "ascii", "utf8": "utf-8", "latin1": "iso-8859-1", "cp1252": "windows-1252"}


def xml_error(code: str, message: str, expected: str, found: str, location: str = "") -> DocumentError:
    """Return an error of an XML document, with the remedy that all of them have."""
    return DocumentError(
        code=f"xml.{code}",
        message=message,
        location=location,
        expected=expected,
        found=found,
        remedy="Ask the sender for a corrected document.",
    )


def closed_pull_parser() -> etree.XMLPullParser:
    """Return the parser that all XML from outside is read with."""
    return etree.XMLPullParser(
        events=("start", "end"),
        encoding="utf-8",
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def closed_text(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of a document in pieces, after its prolog was found to hold no document type.

    :raise DocumentError: ``xml.encoding``, ``xml.doctype``, ``xml.prolog``, or one of :func:`decode`
    """
    head, chunks = _head(chunks)
    texts = decode(chunks, _encoding(head))
    prolog = ""
    for text in texts:
        prolog += text
        if _is_root_reached(prolog):
            break
        if len(prolog) > LONGEST_PROLOG:
            raise xml_error("prolog", "No element begins.", "the root element", "other text")
    for text in chain([prolog], texts):
        for start in range(0, len(text), _PIECE):
            yield text[start : start + _PIECE]


def _head(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, which name the encoding, and all chunks."""
    iterator = iter(chunks)
    taken: list[bytes] = []
    while sum(map(len, taken)) < 200:
        chunk = next(iterator, None)
        if chunk is None:
            break
        taken.append(chunk)
    return b"".join(taken)[:200], chain(taken, iterator)


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    match = _DECLARED.match(head)
    name = match[1].decode().lower() if match else "utf-8"
    encoding = _ALIASES.get(name, name)
    if encoding not in ENCODINGS or encoding == "utf-16":
        raise xml_error("encoding", "The document's encoding is not read here.", ", ".join(ENCODINGS), name)
    return encoding


def _is_root_reached(prolog: str) -> bool:
    """Tell whether the root element begins in the text.

    :raise DocumentError: if something else than comments and instructions is before it
    """
    at = 0
    while match := _PROLOG_PART.match(prolog, at):
        at = match.end()
    rest = prolog[at : at + 9]
    if not rest or "<!--".startswith(rest) or rest.startswith(("<!--", "<?")) or "<!DOCTYPE".startswith(rest):
        if rest == "<!DOCTYPE":
            raise xml_error("doctype", "The document has a document type.", "no DOCTYPE", "DOCTYPE", "prolog")
        return False
    if rest.startswith("<!"):
        raise xml_error("doctype", "The document has declarations.", "no DOCTYPE", "a declaration", "prolog")
    return True
