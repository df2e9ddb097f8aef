"""Databases with their files: made, copied and dropped; templates, built once for what they are made from.

Every name begins with ``hi_`` and the checkout's id, so that two checkouts can share a server.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from . import locks, paths
from .postgres import Server

#: PostgreSQL cuts longer names off.
MAXIMUM_NAME_LENGTH = 63
_NAME = re.compile(r"^[a-z0-9_]+$")


def scoped_name(*parts: str) -> str:
    """Return a database name of this checkout.

    :raises ValueError: it would be too long or contain other than lower-case letters, digits and ``_``
    """
    name = "_".join(("hi", paths.checkout_id(), *parts))
    if len(name) > MAXIMUM_NAME_LENGTH or not _NAME.match(name):
        raise ValueError(f"{name!r} cannot be the name of a database")
    return name


class Databases:
    """The databases of this checkout on one server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def names(self, prefix: str) -> list[str]:
        """Return the names of the existing databases that begin with ``prefix``."""
        return [
            name for name in self._server.query("SELECT datname FROM pg_database") if name.startswith(prefix)
        ]

    def exists(self, name: str) -> bool:
        """Tell whether there is such a database."""
        return name in self.names(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it, and its files; one that is missing is fine.

        ``WITH (FORCE)`` would be refused while an autovacuum worker is in the database: this role may not
        end that process. A plain ``DROP`` sends such workers away itself.
        """
        if self.exists(name):
            self._server.query(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
            self._server.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{name}' AND usename = current_user"
            )
            self._server.query(f'DROP DATABASE IF EXISTS "{name}"')
        shutil.rmtree(filestore(name), ignore_errors=True)

    def copy(self, source: str, target: str) -> None:
        """Make ``target`` a copy of a database that nobody is connected to, with its files."""
        self._server.query(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        if filestore(source).exists():
            shutil.copytree(filestore(source), filestore(target), dirs_exist_ok=True)

    def rename(self, source: str, target: str) -> None:
        """Give a database that nobody is connected to another name, and its files with it."""
        self._server.query(f'ALTER DATABASE "{source}" RENAME TO "{target}"')
        if filestore(source).exists():
            filestore(source).rename(filestore(target))

    def template(self, kind: str, key: str, build: Callable[[str], None]) -> str:
        """Return the name of the template ``kind`` for ``key``; make it with ``build`` when there is none.

        A template of the same kind for another key is dropped. The name appears only when the build is
        complete, and nobody can connect to a finished template, so that it can be copied at any time.

        :param key: hexadecimal hash of everything the template is made from
        :param build: fills the database whose name it is given; what it raises is passed on
        """
        prefix = scoped_name("template", kind, "")
        name = f"{prefix}{key[:12]}"
        with locks.exclusive(paths.LOCAL / "locks" / prefix):
            if self.exists(name):
                return name
            for old in self.names(prefix):
                self.drop(old)
            unfinished = f"{prefix}building"
            build(unfinished)
            self._server.query(f'ALTER DATABASE "{unfinished}" WITH ALLOW_CONNECTIONS false')
            self.rename(unfinished, name)
        return name

    def drop_leftovers(self) -> None:
        """Drop the working copies of commands that did not live to drop them."""
        # Two commands that begin at once must not drop the same one.
        with locks.exclusive(paths.LOCAL / "locks" / "leftovers"):
            for name in self.names(scoped_name("run", "")):
                owner = name.rpartition("_")[2]
                if not owner.isdigit() or not Path("/proc", owner).exists():
                    self.drop(name)


def working_name(kind: str) -> str:
    """Return the name of a database of this process; :meth:`Databases.drop_leftovers` may find it later."""
    return scoped_name("run", kind, str(os.getpid()))


def filestore(name: str) -> Path:
    """Return the folder in which Odoo keeps a database's files."""
    return paths.DATA / "filestore" / name
