"""What a demo keeps in files beside its database, and the passwords among it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import secret_files

#: Bytes of randomness of a password that people type.
_PASSWORD_BYTES = 9


@dataclass(frozen=True)
class DemoFiles:
    """The files of one demo; they belong to its database and go with it.

    :ivar folder: of everything but the logs
    """

    folder: Path
    logs: Path

    @property
    def book(self) -> Path:
        """The open claims, as the clearing house knows them."""
        return self.folder / "open-claims.json"

    @property
    def bank_statement(self) -> Path:
        """The deposits that the bank shows."""
        return self.folder / "bank-statement.json"

    @property
    def settings(self) -> Path:
        """What the loader of the hospital is told; holds passwords."""
        return self.folder / "settings.json"

    @property
    def loader(self) -> Path:
        """What Odoo's shell runs to load the hospital."""
        return self.folder / "load.py"

    @property
    def clearing_house(self) -> Path:
        """The mailbox, the host key and the password of the clearing house."""
        return self.folder / "clearing-house"

    def log(self, name: str) -> Path:
        """Return the log of a program of the demo."""
        self.logs.mkdir(parents=True, exist_ok=True)
        return self.logs / f"demo-{name}.log"

    def forget(self) -> None:
        """Remove all of it but the logs."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def passwords(self, logins: Iterable[str]) -> dict[str, str]:
        """Return the passwords of the demo's users by login, each generated once."""
        return {login: self._password(login) for login in logins}

    def _password(self, login: str) -> str:
        file = self.folder / "passwords" / login
        if not file.exists():
            secret_files.write(file, secrets.token_urlsafe(_PASSWORD_BYTES))
        return file.read_text(encoding="utf-8")
