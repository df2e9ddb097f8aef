"""The environment variables that tests find their surroundings by.

Beside libpq's (``PGHOST``, ``PGPORT``, ``PGUSER``, ``PGPASSFILE``) and ``ODOO_RC``, with which any client and
Odoo reach the provisioned server and configuration, the tests of ``./setup/test`` get:

``HEALTHCARE_INTEGRATION_PYTHON``
    the virtual environment's Python
``HEALTHCARE_INTEGRATION_SETUP``
    the folder to put on ``sys.path`` for ``import provisioning``
``HEALTHCARE_INTEGRATION_ODOO_SOURCE``, ``HEALTHCARE_INTEGRATION_ODOO_VERSION``
    the folder that Odoo is imported from, and its state
``HEALTHCARE_INTEGRATION_POSTGRES``
    the folder of PostgreSQL's programs, for a test that makes and breaks a server of its own
``HEALTHCARE_INTEGRATION_BROWSER``
    the executable of Chromium or Chrome, for Playwright; not set by ``--fast``
"""

from __future__ import annotations

import os
from pathlib import Path

from . import environment, paths
from .failure import SetupError
from .odoo_process import Odoo
from .odoo_source import OdooSource
from .postgres import Server

_PREFIX = "HEALTHCARE_INTEGRATION_"
BROWSER = f"{_PREFIX}BROWSER"
_LIBPQ = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE")


def variables(odoo: Odoo, browser: Path | None) -> dict[str, str]:
    """Return the environment variables for a program that runs tests.

    :param browser: the browser's executable; ``None`` to do without
    """
    result = {
        **odoo.variables(),
        f"{_PREFIX}LOCAL": str(paths.LOCAL),
        f"{_PREFIX}PYTHON": str(environment.PYTHON),
        f"{_PREFIX}SETUP": str(paths.SETUP),
        f"{_PREFIX}ODOO_SOURCE": str(odoo.source.folder),
        f"{_PREFIX}ODOO_VERSION": odoo.source.version,
        f"{_PREFIX}POSTGRES": str(odoo.server.binaries),
    }
    if browser:
        result[BROWSER] = str(browser)
        # Odoo looks for its browser on the path
        result["PATH"] = f"{browser.parent}{os.pathsep}{result['PATH']}"
    return result


def inherited() -> Odoo:
    """Return the Odoo that ``./setup/test`` has provisioned, for use within a test.

    :raises SetupError: the process was not started by it
    """
    try:
        source = OdooSource(Path(os.environ[f"{_PREFIX}ODOO_SOURCE"]), os.environ[f"{_PREFIX}ODOO_VERSION"])
        binaries = Path(os.environ[f"{_PREFIX}POSTGRES"])
    except KeyError as missing:
        raise SetupError(f"{missing} is not set", "Run the tests by ./setup/test.") from missing
    server = {name: os.environ[name] for name in _LIBPQ if name in os.environ}
    return Odoo(source, Server(server, binaries))
