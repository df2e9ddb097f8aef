"""Every pytest run sees the pure parts of the addons without Odoo; Odoo's own tests have Odoo's runner."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from tests import pure  # noqa: E402 (the path above makes it importable)

pure.expose()
# How long an example takes says more of what else runs on the machine than of the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
collect_ignore_glob = ["addons/*/tests/test_*.py", "addons/*/tests/common.py", ".local/*"]


def pytest_collect_directory(path, parent):
    """Folders of addons are plain ones here: importing an addon's own package needs Odoo."""
    return pytest.Dir.from_parent(parent, path=path) if pure.ADDONS in path.parents else None
