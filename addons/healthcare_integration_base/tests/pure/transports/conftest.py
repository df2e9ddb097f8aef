"""Makes the helpers beside the tests importable: the addon's own ``tests`` package needs Odoo."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[5]))

import pytest  # noqa: E402 (the paths above make what follows importable)

from tests.sandbox.authority import Authority  # noqa: E402


@pytest.fixture(scope="session")
def authority():
    """A certificate authority of this run."""
    return Authority()
