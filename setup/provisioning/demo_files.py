"""What the demo keeps below the checkout beside its database, and the passwords among it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable

from . import paths, secret_files

FOLDER = paths.LOCAL / "demo"
BOOK = FOLDER / "open-claims.json"
SETTINGS = FOLDER / "settings.json"
LOADER = FOLDER / "load.py"
_PASSWORDS = FOLDER / "passwords"
#: Bytes of randomness of a password that people type.
_PASSWORD_BYTES = 9


def forget() -> None:
    """Remove all of it; it belongs to a database that is gone."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def passwords(logins: Iterable[str]) -> dict[str, str]:
    """Return the passwords of the demo's users by login, each generated once."""
    return {login: _password(login) for login in logins}


def _password(login: str) -> str:
    file = _PASSWORDS / login
    if not file.exists():
        secret_files.write(file, secrets.token_urlsafe(_PASSWORD_BYTES))
    return file.read_text(encoding="utf-8")
