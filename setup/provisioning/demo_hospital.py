"""The demo's hospital group: loaded into the database once, by ``tests/sandbox/demo/hospital.py``."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict

from tests.sandbox.demo.client import Client

from . import paths, secret_files
from .demo_clearing_house import ClearingHouse
from .demo_files import DemoFiles
from .odoo_process import Odoo
from .processes import run_logged
from .progress import step

LOADED_PARAMETER = "healthcare_integration.demo_hospital"


def is_loaded(odoo: Odoo, database: str) -> bool:
    """Tell whether the hospital is in the database; it is there as a whole or not at all."""
    query = f"SELECT 1 FROM ir_config_parameter WHERE key = '{LOADED_PARAMETER}'"
    return bool(odoo.server.query(query, database))


def load(
    odoo: Odoo, database: str, house: ClearingHouse, passwords: dict[str, str], files: DemoFiles
) -> None:
    """Load the hospital, unless it is loaded.

    :param passwords: to set, by login
    :raises SetupError: Odoo could not do it
    """
    if is_loaded(odoo, database):
        return
    log = files.log("hospital")
    log.unlink(missing_ok=True)
    with step("Hospital group: companies, users, payers, 300 open invoices"):
        _write_settings(house, passwords, files)
        with contextlib.ExitStack() as stack:
            # the passwords in it have been set, or are written anew by the next try
            stack.callback(files.settings.unlink)
            script = stack.enter_context(files.loader.open("rb"))
            run_logged(
                odoo.command("shell", "-d", database, "--no-http", "--log-level=warn"),
                log,
                "The demo's hospital could not be loaded",
                "Read the log for the first error; ./setup/demo --reset starts over.",
                environment=odoo.variables(),
                stdin=script,
            )


def follow(client: Client, house: ClearingHouse) -> None:
    """Tell the endpoint when the clearing house had to move to another port.

    :param client: session of a user who configures endpoints
    """
    for endpoint in client.search_read("integration.endpoint", [("transport", "=", "sftp")], ["port"]):
        if endpoint["port"] != house.port:
            values = {"host": house.host, "port": house.port, "host_key": house.host_key}
            client.call("integration.endpoint", "write", [endpoint["id"]], values)


def _write_settings(house: ClearingHouse, passwords: dict[str, str], files: DemoFiles) -> None:
    settings = asdict(house)
    del settings["mailbox"]
    settings.update(passwords=passwords, book=str(files.book))
    secret_files.write(files.settings, json.dumps(settings))
    # Odoo's shell runs what it reads from its standard input.
    files.loader.write_text(
        f"import sys\n\nsys.path.insert(0, {str(paths.ROOT)!r})\n"
        "from tests.sandbox.demo import hospital\n\n"
        f"hospital.load(env, {str(files.settings)!r})\n",
        encoding="utf-8",
    )
