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

ADDON = "healthcare_integration_base"
FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Api:
    """A served API with one client that may send orders and read what became of them, and a webhook.

    :ivar url: address of the server, without a path
    :ivar key: the client's API key
    :ivar webhook: path of the webhook
    :ivar secret: what the webhook's partner signs with
    :ivar log: what the server logged
    """

    url: str
    key: str
    webhook: str
    secret: str
    log: Path


@pytest.fixture(scope="session")
def api(tmp_path_factory):
    odoo = test_environment.inherited()
    folder = tmp_path_factory.mktemp("api")
    with installed.copied(odoo, installed.template(odoo, [ADDON]), "api") as database:
        command = [environment.PYTHON, FOLDER / "prepare.py", database, folder / "made"]
        run = subprocess.run(
            [str(part) for part in command], env=odoo.variables(), capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr[-4000:]
        with odoo_server.running(odoo, database, folder / "server.log", cron_threads=0) as server:
            made = json.loads((folder / "made").read_text())
            yield Api(server.url, log=folder / "server.log", **made)
