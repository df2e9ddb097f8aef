"""The demo hospital in a database of its own, with Odoo's server and crons, for tests of the screens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from provisioning import (
    demo,
    demo_clearing_house,
    demo_days,
    demo_hospital,
    installed,
    odoo_server,
    paths,
    test_environment,
)
from provisioning.database import Databases, working_name
from provisioning.demo_clearing_house import ClearingHouse
from provisioning.demo_files import DemoFiles

from tests import odoo_logs
from tests.sandbox.demo.book import Book
from tests.sandbox.demo.cast import ADMINISTRATOR, MAILBOX_LOGIN, PEOPLE
from tests.sandbox.demo.client import Client


@dataclass(frozen=True)
class Site:
    """A running Odoo in which the clearing house's files of three days were taken in.

    :ivar url: address of the web client, without a path
    :ivar passwords: by login
    :ivar book: the claims that were open before the first day
    :ivar house: the clearing house that the mailbox is at
    :ivar files: the demo's files
    """

    url: str
    database: str
    passwords: dict[str, str]
    book: Book
    house: ClearingHouse
    files: DemoFiles

    def client(self, login: str) -> Client:
        """Return a session that reads what a user may read, to compare the screens with."""
        return Client(self.url, self.database, login, self.passwords[login])

    def query(self, statement: str) -> list[str]:
        """Return the rows that SQL finds, columns joined by ``|``: for what no client may read."""
        return test_environment.inherited().server.query(statement, self.database)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Site]:
    """Serve the demo hospital from a fresh database until the block is left.

    Threads and no worker processes, as those answer the browser's websocket only behind a reverse proxy.

    :param folder: for the demo's files
    :raises AssertionError: on leaving, when Odoo logged a warning or an error that is not allowed
    """
    odoo = test_environment.inherited()
    files = DemoFiles(folder, paths.LOGS / "browser")
    passwords = files.passwords((ADMINISTRATOR, *(person.login for person in PEOPLE)))
    database = working_name("browser")
    with contextlib.ExitStack() as stack:
        stack.callback(Databases(odoo.server).drop, database)
        demo.make_database(odoo, database)
        house = stack.enter_context(demo_clearing_house.running(files, MAILBOX_LOGIN))
        demo_hospital.load(odoo, database, house, passwords, files)
        log = files.log("server")
        server = stack.enter_context(
            odoo_server.running(odoo, database, log, workers=0, options=demo.OPTIONS)
        )
        site = Site(server.url, database, passwords, Book.read(files.book), house, files)
        demo_days.run(site.client("biller"), house, files)
        yield site
    odoo_logs.assert_quiet(
        [installed.log(database), files.log("hospital"), log], [odoo_logs.CONCURRENT, odoo_logs.STOPPED]
    )
