"""Odoo's own command line in a process of its own, configured as the test's."""

import os
import sys
from pathlib import Path

import odoo
from odoo.tools import config

ODOO_FOLDER = Path(odoo.__path__[0]).parent
COPIED_OPTIONS = ("data_dir", "db_host", "db_port", "db_user", "db_password")


def write_configuration(folder):
    """Write an ``odoo.conf`` with the addons, the data folder and the database server of this process."""
    options = {name: config[name] for name in COPIED_OPTIONS if config[name]}
    options["addons_path"] = ",".join(config["addons_path"])
    lines = [f"{name} = {value}" for name, value in options.items()]
    (folder / "odoo.conf").write_text("\n".join(["[options]", *lines, ""]))


def odoo_command(*arguments):
    """Return the command line of a process of Odoo."""
    return [sys.executable, "-W", "ignore", "-m", "odoo", *arguments]


def environment_of_odoo(folder):
    """Return the environment of a process that reads the configuration in ``folder``."""
    environment = {name: value for name, value in os.environ.items() if name != "PGDATABASE"}
    return {
        **environment,
        "ODOO_RC": str(folder / "odoo.conf"),
        "PYTHONPATH": os.pathsep.join([str(ODOO_FOLDER), *filter(None, sys.path)]),
    }
