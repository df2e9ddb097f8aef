"""Where keys come from: the environment, a file, or a file that is generated once."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from .errors import KeyringError

KEY_SIZE = 32  # AES-256
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_MAXIMUM_FILE_SIZE = 64 * 1024


def parse_keys(text: str, source: str) -> dict[str, bytes]:
    """Return the keys in ``text`` by key id, the active one first.

    The notation is ``id:key`` with the 32 bytes of the key in base64url (padding optional),
    separated by commas or lines; lines that begin with ``#`` are comments.

    :param source: where the text comes from, for errors
    :raises KeyringError: code ``keyring.malformed``; never shows a key
    """
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(_entries(text), start=1):
        key_id, _colon, encoded = entry.partition(":")
        if not _KEY_ID.fullmatch(key_id):
            raise _malformed(source, position, "a key id of up to 32 letters, digits, . _ -", "another text")
        key = _decoded(encoded)
        if key is None or len(key) != KEY_SIZE:
            found = "no base64url" if key is None else f"{len(key)} bytes"
            raise _malformed(source, position, f"{KEY_SIZE} bytes in base64url after '{key_id}:'", found)
        if key_id in keys:
            raise _malformed(source, position, "each key id once", f"{key_id} again")
        keys[key_id] = key
    if not keys:
        raise _malformed(source, 1, "at least one id:key", "nothing")
    return keys


def read_key_file(path: Path) -> dict[str, bytes] | None:
    """Return the keys in a file, None when it does not exist.

    :raises KeyringError: ``keyring.readable_by_others`` when group or others may read or write it,
        ``keyring.unreadable``, ``keyring.malformed``
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror) from error
    with os.fdopen(descriptor, "rb") as file:
        _require_private(path, os.fstat(file.fileno()))
        content = file.read(_MAXIMUM_FILE_SIZE + 1)
    if len(content) > _MAXIMUM_FILE_SIZE:
        raise _unreadable(path, f"more than {_MAXIMUM_FILE_SIZE} bytes")
    return parse_keys(content.decode(errors="replace"), str(path))


def generate_key_file(path: Path) -> None:
    """Create ``path`` with one new key, unless it exists.

    Of several processes that do this at once one wins and the others leave its file alone: the
    complete file is made under another name and then linked to its own.

    :raises KeyringError: code ``keyring.cannot_generate``
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _write_private(temporary, _new_key_line())
            os.link(temporary, path)
        except FileExistsError:
            return
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise KeyringError(
            code="keyring.cannot_generate",
            message="The key file cannot be created",
            location=str(path),
            expected="a writable folder on a file system with hard links",
            found=error.strerror or "",
            remedy="Correct the folder's owner and rights, or give the keys in HEALTHCARE_INTEGRATION_KEYS.",
            subject=str(path),
        ) from error


def _entries(text: str) -> Iterable[str]:
    for line in text.splitlines():
        if not line.strip().startswith("#"):
            yield from (entry.strip() for entry in line.split(",") if entry.strip())


def _decoded(encoded: str) -> bytes | None:
    try:
        padded = encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def _new_key_line() -> bytes:
    key_id = "key-" + secrets.token_hex(4)
    key = base64.urlsafe_b64encode(secrets.token_bytes(KEY_SIZE)).decode()
    note = "# Back this file up apart from the database. The first key is the active one."
    return f"{note}\n{key_id}:{key}\n".encode()


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _unreadable(path, "not a regular file")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise KeyringError(
            code="keyring.readable_by_others",
            message="The key file is open to other users of the machine",
            location=str(path),
            expected="rights 0600 or 0400",
            found=f"{stat.S_IMODE(status.st_mode):04o}",
            remedy=f"Run: chmod 600 {path}. Consider the keys known to those users, and rotate them.",
            subject=str(path),
        )


def _malformed(source: str, position: int, expected: str, found: str) -> KeyringError:
    return KeyringError(
        code="keyring.malformed",
        message="The keys are not written as they should be",
        location=f"{source}, entry {position}",
        expected=expected,
        found=found,
        remedy="Write id:key,id:key with the active key first; "
        "a key is 32 random bytes in base64url, e.g. from: openssl rand -base64 32 | tr +/ -_",
        subject=source,
    )


def _unreadable(path: Path, found: str) -> KeyringError:
    return KeyringError(
        code="keyring.unreadable",
        message="The key file cannot be read",
        location=str(path),
        expected="a file that the server's user may read",
        found=found,
        remedy="Correct the path, the owner or the rights.",
        subject=str(path),
    )
