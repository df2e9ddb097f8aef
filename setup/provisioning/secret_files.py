"""Passwords that are generated once and kept in files only their owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def generated(file: Path) -> str:
    """Return the password in ``file``; generate it and its file when there is none."""
    if not file.exists():
        write(file, secrets.token_urlsafe(24))
    return file.read_text(encoding="utf-8")


def write(file: Path, text: str) -> None:
    """Replace ``file`` by one of mode 0600 holding ``text``, never readable by others meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        output.write(text)
    temporary.replace(file)
