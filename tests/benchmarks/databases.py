"""Databases of a benchmark's own, and Odoo within its process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from provisioning import installed, paths, processes, test_environment

from odoo import SUPERUSER_ID, api
from odoo.modules.module import initialize_sys_path
from odoo.modules.registry import Registry
from odoo.tools import config

KERNEL = "healthcare_integration_base"
REMITTANCES = "healthcare_integration_rcm_posting"
_ADDONS = Path(__file__).with_name("addons")


def configure(*more: Path) -> None:
    """Let this process import the suite's and the benchmarks' addons, and those in more folders."""
    arguments = ["--no-http", "--log-level=warn", addons_path(*more)]
    config.parse_config(arguments, setup_logging=not more)
    initialize_sys_path()


def addons_path(*more: Path) -> str:
    """Return Odoo's option that names the folders of addons."""
    return f"--addons-path={','.join(str(folder) for folder in (paths.ADDONS, _ADDONS, *more))}"


def install(
    database: str,
    modules: Sequence[str],
    more: Sequence[Path] = (),
    variables: Mapping[str, str] | None = None,
) -> None:
    """Install addons of the benchmarks, or of more folders, in a database."""
    odoo = test_environment.inherited()
    names = ",".join(modules)
    processes.run_logged(
        odoo.command("-d", database, addons_path(*more), "-i", names, "--stop-after-init", "--no-http"),
        paths.LOGS / f"install-{database}.log",
        f"Odoo could not install {names}",
        environment={**odoo.variables(), **(variables or {})},
    )


@contextlib.contextmanager
def made(
    template: str,
    modules: Sequence[str],
    more: Sequence[Path] = (),
    variables: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Have a copy of a template, with addons of the benchmarks or of more folders, for the block's length."""
    with installed.copied(test_environment.inherited(), template, modules[0]) as database:
        install(database, modules, more, variables)
        yield database


@contextlib.contextmanager
def environment(*modules: str) -> Iterator[api.Environment]:
    """Have a database with the suite's modules for the length of the block, and an environment on it."""
    odoo = test_environment.inherited()
    with (
        installed.copied(odoo, installed.template(odoo, modules), "benchmark") as database,
        Registry(database).cursor() as cr,
    ):
        yield api.Environment(cr, SUPERUSER_ID, {})
