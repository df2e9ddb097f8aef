"""What the demo's program tells the process that loads the hospital into Odoo, in a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where the clearing house is, and which passwords to set.

    The file holds secrets: whoever writes it keeps others from reading it.

    :ivar host_key: the clearing house's line of OpenSSH's ``known_hosts``, or its fingerprint
    :ivar passwords: by login of the demo's users
    :ivar book: where to write the open invoices
    """

    host: str
    port: int
    host_key: str
    login: str
    password: str
    passwords: dict[str, str]
    book: str

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Return the settings in a JSON file with one name for each of them."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))
