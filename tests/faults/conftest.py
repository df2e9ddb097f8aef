"""The set-up commands' own package is not among the tests' paths: it lies in ``setup``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup"))

import pytest  # noqa: E402
from provisioning import installed, test_environment  # noqa: E402

from tests.faults.workers import Fleet  # noqa: E402

ADDON = "healthcare_integration_rcm_posting"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A database of its own with the suite installed, and the processes that may work on it."""
    odoo = test_environment.inherited()
    with installed.copied(odoo, installed.template(odoo, [ADDON]), "faults") as database:
        yield Fleet(odoo, database, tmp_path_factory.mktemp("faults"))
