"""Odoo's command line in the provisioned environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import environment, locks, odoo_source, paths, postgres, secret_files
from .odoo_source import OdooSource
from .postgres import Server

#: A script, and not ``python -m odoo``: with worker processes Odoo runs the file in ``sys.argv[0]`` again.
LAUNCHER = paths.VENV / "bin" / "odoo"
CONFIGURATION = paths.LOCAL / "odoo.conf"


@dataclass(frozen=True)
class Odoo:
    """Odoo 19.0 with this checkout's addons, on a running database server."""

    source: OdooSource
    server: Server

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command line of Odoo with these arguments; it needs :meth:`variables`."""
        return [str(environment.PYTHON), str(LAUNCHER), *(str(argument) for argument in arguments)]

    def variables(self) -> dict[str, str]:
        """Return the environment variables that name the configuration file and the database server."""
        own = environment.variables()
        for name in ("DATABASE_URL", "PGDATABASE"):
            own.pop(name, None)
        binaries = str(self.server.binaries)
        return {
            **own,
            **self.server.variables,
            "ODOO_RC": str(CONFIGURATION),
            # Odoo dumps and restores with PostgreSQL's programs; an older release than the server's refuses
            "PGPATH": binaries,
            "PATH": f"{binaries}{os.pathsep}{own.get('PATH', os.defpath)}",
        }


@contextlib.contextmanager
def provisioned() -> Iterator[Odoo]:
    """Have everything that Odoo needs, with its database server running for the length of the block."""
    os.umask(0o022)
    with locks.setting_up():
        environment.ensure()
        source = odoo_source.ensure()
        postgres.ensure_software()
        _write_launcher()
        _write_configuration()
    with postgres.running() as server:
        yield Odoo(source, server)


def _write_launcher() -> None:
    if not LAUNCHER.exists():
        LAUNCHER.write_text("import odoo.cli\n\nodoo.cli.main()\n", encoding="utf-8")


def _write_configuration() -> None:
    paths.DATA.mkdir(parents=True, exist_ok=True)
    password = secret_files.generated(paths.LOCAL / "master-password")
    lines = [
        "[options]",
        f"addons_path = {paths.ADDONS}",
        f"data_dir = {paths.DATA}",
        f"admin_passwd = {password}",
        "http_interface = 127.0.0.1",
        "server_wide_modules = base,rpc,web",
    ]
    secret_files.write(CONFIGURATION, "\n".join(lines) + "\n")
