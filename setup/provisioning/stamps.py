"""Remember what has been done, keyed by a hash of what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from . import paths


def digest(*parts: str | bytes) -> str:
    """Return a hexadecimal SHA-256 over the parts; their borders count."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def digest_files(files: Iterable[Path], relative_to: Path) -> str:
    """Return a hash over the names and the contents of files."""
    parts: list[str | bytes] = []
    for file in sorted(files):
        parts += [str(file.relative_to(relative_to)), file.read_bytes()]
    return digest(*parts)


def is_current(name: str, key: str) -> bool:
    """Tell whether step ``name`` was last completed with this key."""
    file = _file(name)
    return file.exists() and file.read_text(encoding="utf-8") == key


def exists(name: str) -> bool:
    """Tell whether step ``name`` was ever completed, with whatever key."""
    return _file(name).exists()


def record(name: str, key: str) -> None:
    """Note that step ``name`` is complete with this key."""
    file = _file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(key, encoding="utf-8")


def forget(name: str) -> None:
    """Note that step ``name`` is to be done again."""
    _file(name).unlink(missing_ok=True)


def _file(name: str) -> Path:
    return paths.STAMPS / name
