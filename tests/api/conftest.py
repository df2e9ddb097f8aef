"""The set-up commands' own package is not among the tests' paths: it lies in ``setup``."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SETUP = Path(__file__).resolve().parents[2] / "setup"
sys.path.insert(0, str(SETUP))

import pytest  # noqa: E402
from provisioning import environment, installed, odoo_server, test_environment  # noqa: E402
from provisioning.failure import tail  # noqa: E402

from tests import odoo_logs  # noqa: E402

ADDON = "healthcare_integration_base"
FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Api:
    """A served API with one client that may send orders and read what became of them, and a webhook.

    :ivar url: address of the server, without a path
    :ivar key: the client's API key
    :ivar webhook: path of the webhook
    :ivar secret: what the webhook's partner signs with
    """

    url: str
    key: str
    webhook: str
    secret: str


@pytest.fixture(scope="session")
def api(tmp_path_factory):
    """The served API; at the end, no request of any test may have left a warning or an error in the log."""
    odoo = test_environment.inherited()
    folder = tmp_path_factory.mktemp("api")
    prepared, served = folder / "prepare.log", folder / "server.log"
    with installed.copied(odoo, installed.template(odoo, [ADDON]), "api") as database:
        command = [environment.PYTHON, FOLDER / "prepare.py", database, folder / "made"]
        with prepared.open("wb") as log:
            run = subprocess.run([str(part) for part in command], env=odoo.variables(), stderr=log)
        assert run.returncode == 0, "\n".join(tail(prepared, 60))
        with odoo_server.running(odoo, database, served, cron_threads=0) as server:
            yield Api(server.url, **json.loads((folder / "made").read_text()))
    odoo_logs.assert_quiet([prepared, served])
