"""Databases with modules installed in them, made once and copied for whoever needs one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import addons, database, paths, stamps
from .database import Databases
from .odoo_process import Odoo
from .processes import run_logged

_REMEDY = "Read the log for the first error; when it comes from an addon of the suite, repair that addon."


def log(name: str) -> Path:
    """Return the log of the last installation in the database ``name``."""
    return paths.LOGS / f"install-{name}.log"


def install(odoo: Odoo, name: str, modules: Sequence[str], update: bool = False) -> None:
    """Install modules in the database ``name``, which is made when there is none.

    :param update: bring installed modules up to date with their files
    :raises SetupError: Odoo could not do it
    """
    log(name).unlink(missing_ok=True)
    run_logged(
        odoo.command(
            "-d", name, "-u" if update else "-i", ",".join(modules), "--stop-after-init", "--no-http"
        ),
        log(name),
        f"Odoo could not install {', '.join(modules)}",
        _REMEDY,
        environment=odoo.variables(),
    )


def dependency_template(odoo: Odoo, modules: Sequence[str]) -> str:
    """Return a template with everything installed that the modules need of Odoo, and nothing of the suite."""
    outside = addons.outside_dependencies(modules)
    databases = Databases(odoo.server)

    def build(name: str) -> None:
        databases.drop(name)
        install(odoo, name, outside)

    kind = f"deps{stamps.digest(*outside)[:6]}"
    return databases.template(kind, stamps.digest(odoo.source.version, *outside), build)


def template(odoo: Odoo, modules: Sequence[str]) -> str:
    """Return a template with the modules installed; made anew when a file of the suite's addons changes."""
    databases = Databases(odoo.server)

    def build(name: str) -> None:
        databases.drop(name)
        databases.copy(dependency_template(odoo, modules), name)
        install(odoo, name, modules)

    key = stamps.digest(odoo.source.version, *sorted(modules), addons.digest(modules))
    return databases.template(f"inst{stamps.digest(*sorted(modules))[:6]}", key, build)


@contextlib.contextmanager
def copied(odoo: Odoo, source: str, label: str) -> Iterator[str]:
    """Have a copy of a template for the length of the block; ``label`` shows up in its name."""
    databases = Databases(odoo.server)
    name = database.working_name(label)
    databases.drop(name)
    databases.copy(source, name)
    try:
        yield name
    finally:
        databases.drop(name)
