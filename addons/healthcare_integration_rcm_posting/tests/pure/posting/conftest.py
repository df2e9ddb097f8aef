"""Makes the helpers beside the tests importable: the addon's own ``tests`` package needs Odoo."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from posting_hospital import Hospital  # noqa: E402 (the path above makes it importable)


@pytest.fixture
def hospital() -> Hospital:
    """A hospital with one open invoice of 600 to the payer, claim A1."""
    hospital = Hospital()
    hospital.invoice("A1", 600)
    return hospital
