"""Where things are: the checkout, and the one folder below it that holds everything generated."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "setup"
ADDONS = ROOT / "addons"

#: Generated files; ``HEALTHCARE_INTEGRATION_LOCAL`` moves the folder, away from a small or read-only disk.
LOCAL = Path(os.environ.get("HEALTHCARE_INTEGRATION_LOCAL") or ROOT / ".local").resolve()

VENV = LOCAL / "venv"
ODOO = LOCAL / "odoo"
POSTGRES = LOCAL / "postgres"
BROWSER = LOCAL / "browser"
DOWNLOADS = LOCAL / "downloads"
CACHE = LOCAL / "cache"
DATA = LOCAL / "data"
LOGS = LOCAL / "logs"
STAMPS = LOCAL / "stamps"
TEMPORARY = LOCAL / "tmp"


def checkout_id() -> str:
    """Six hexadecimal digits that tell this checkout's databases from those of another one."""
    return hashlib.sha256(str(LOCAL).encode()).hexdigest()[:6]


def addon_names() -> list[str]:
    """Return the technical names of the suite's addons, sorted."""
    return sorted(manifest.parent.name for manifest in ADDONS.glob("*/__manifest__.py"))
