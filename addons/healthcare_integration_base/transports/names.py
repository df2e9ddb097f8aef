"""File names: which are safe, which are ready, and the names we make ourselves."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

TEMPORARY_SUFFIXES = (".tmp", ".part", ".filepart")
MAXIMUM_NAME_BYTES = 255
#: Unicode's line ends and overrides of the writing direction (UAX 9): a name with them reads as another one.
_MISLEADING = frozenset(map(chr, (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def is_printable(text: str) -> bool:
    """Tell whether ``text`` is free of control characters and can be stored as UTF-8."""
    return all(ord(character) >= 32 and not 0x7F <= ord(character) < 0xA0 for character in text) and (
        _is_unicode(text)
    )


def name_problem(name: str) -> str:
    """Return why ``name`` is not the plain name of one file in one folder; empty when it is."""
    if not name:
        return "it is empty"
    if name in (".", ".."):
        return "it names a folder"
    if "/" in name or "\\" in name:
        return "it holds a path separator"
    if not _is_unicode(name):
        return "it is not UTF-8"
    if not is_printable(name):
        return "it holds control characters"
    if not _MISLEADING.isdisjoint(name):
        return "it holds characters that change how it reads"
    if len(name.encode()) > MAXIMUM_NAME_BYTES:
        return f"it is longer than {MAXIMUM_NAME_BYTES} bytes"
    return ""


def is_temporary(name: str) -> bool:
    """Tell whether ``name`` is what uploading programs use while they are still writing."""
    return name.startswith(".") or name.lower().endswith(TEMPORARY_SUFFIXES)


def matches(name: str, include: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    """Tell whether a pattern of ``include`` and none of ``exclude`` matches, case ignored."""
    folded = name.casefold()
    return _matches_any(folded, include) and not _matches_any(folded, exclude)


def marker_names(name: str, marker: str) -> tuple[str, str]:
    """Return the names whose presence says that ``name`` is complete: ``a.835.done``, ``a.done``."""
    return name + marker, PurePosixPath(name).stem + marker


def temporary_name(name: str = "") -> str:
    """Return a fresh name for a file that is being written; no listing rule picks it up.

    :param name: what the file will be called, by which :func:`is_temporary_of` knows it again
    """
    return f"{_temporary_stem(name)}{secrets.token_hex(8)}.part"


def is_temporary_of(temporary: str, name: str) -> bool:
    """Tell whether :func:`temporary_name` gave this name to a file that was to be called ``name``."""
    return temporary.startswith(_temporary_stem(name)) and temporary.endswith(".part")


def _temporary_stem(name: str) -> str:
    return f".{hashlib.sha256(name.encode()).hexdigest()[:16]}-"


def unique_name(name: str) -> str:
    """Return ``name`` with the time and a random token before its extension, at most 255 bytes long."""
    stem, extension = os.path.splitext(name)
    if len(extension.encode()) > 32:
        stem, extension = name, ""
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    suffix = f".{stamp}-{secrets.token_hex(4)}{extension}"
    room = MAXIMUM_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore") + suffix


def _matches_any(folded: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(folded, pattern.casefold()) for pattern in patterns)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
