"""Every pytest run sees the pure parts of the addons without Odoo; Odoo's own tests have Odoo's runner."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tests import pure  # noqa: E402 (the path above makes it importable)

pure.expose()
collect_ignore_glob = ["addons/*/tests/test_*.py", "addons/*/tests/common.py", ".local/*"]
