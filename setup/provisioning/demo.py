"""The demo: one database called ``demo`` with the whole suite installed, and the server that shows it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from . import addons, installed, locks, odoo_server, paths, stamps
from .database import Databases
from .demo_files import DemoFiles
from .failure import SetupError
from .odoo_process import Odoo
from .odoo_server import RunningServer
from .ports import port_is_free
from .progress import step

DATABASE = "demo"
#: The demo's companies are in the United States; the suite itself works with any chart of accounts.
LOCALISATION = "l10n_us_account"
_STAMP = "demo"
FILES = DemoFiles(paths.LOCAL / "demo", paths.LOGS)
LOCK = paths.LOCAL / "locks" / "demo"
#: Cron workers wait between two runs, which Odoo's watchdog would take for a hang.
OPTIONS = ("--limit-time-real-cron=0",)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Keep other commands from building or serving the demo for the length of the block.

    :raises SetupError: another command does
    """
    with locks.held_alone(LOCK) as alone:
        if not alone:
            raise SetupError(
                "The demo of this checkout is already running",
                "Use it, or end the command that serves it (Ctrl-C).",
            )
        yield


def prepare_database(odoo: Odoo, reset: bool) -> bool:
    """Make the demo's database, or bring an existing one up to date; tell whether it is a new one.

    :param reset: drop an existing one, with everything entered in it
    """
    modules = _modules()
    key = stamps.digest(odoo.source.version, *modules, addons.digest(modules))
    databases = Databases(odoo.server)
    complete = stamps.exists(_STAMP) and databases.exists(DATABASE)
    if complete and not reset:
        if not stamps.is_current(_STAMP, key):
            with step("Demo database, update of the addons"):
                installed.install(odoo, DATABASE, paths.addon_names(), update=True)
            stamps.record(_STAMP, key)
        return False
    stamps.forget(_STAMP)
    with step("Demo database"):
        make_database(odoo, DATABASE)
    stamps.record(_STAMP, key)
    return True


def make_database(odoo: Odoo, name: str) -> None:
    """Make a database with the whole suite and the chart of accounts, in place of one of that name.

    The suite is installed in the database itself: a copy of one that has it would not talk to other systems.
    """
    databases = Databases(odoo.server)
    databases.drop(name)
    databases.copy(installed.dependency_template(odoo, _modules()), name)
    installed.install(odoo, name, _modules())


def _modules() -> list[str]:
    return [LOCALISATION, *paths.addon_names()]


@contextlib.contextmanager
def served(odoo: Odoo, port: int) -> Iterator[RunningServer]:
    """Serve the demo's web client, with cron lanes, until the block is left.

    One process with threads: worker processes answer the web client's websocket only behind a reverse proxy.

    :param port: where to listen; 0 for any free port
    """
    with contextlib.ExitStack() as stack:
        with step("Odoo's server"):
            server = stack.enter_context(
                odoo_server.running(
                    odoo, DATABASE, FILES.log("server"), port=port, workers=0, options=OPTIONS
                )
            )
        yield server


def require_port(port: int) -> None:
    """Check that the demo can be served at a port.

    :raises SetupError: another program listens there
    """
    if not port_is_free(port):
        raise SetupError(
            f"Port {port} is taken by another program",
            f"Run ./setup/demo --port {port + 1}, or any other free port.",
        )
