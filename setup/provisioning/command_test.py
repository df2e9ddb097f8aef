"""``setup/test``: every test of the suite, on the provisioned environment."""

from __future__ import annotations

import argparse
import time

from . import (
    browser,
    database,
    odoo_process,
    paths,
    suite_lint,
    suite_odoo,
    suite_pytest,
    test_environment,
    test_run,
)
from .progress import say, step
from .test_run import TestRun

SUITES = ("lint", "pure", "odoo", "system")


def main(arguments: list[str]) -> int:
    """Run the chosen tests and return 0 when all of them passed."""
    options = _parse(arguments)
    begun = time.monotonic()
    say("Setting up")
    with odoo_process.provisioned() as odoo:
        chromium = None if options.fast else browser.ensure()
        run = TestRun(odoo, test_environment.variables(odoo, chromium), test_run.new_log_folder())
        say(f"Testing; logs in {run.logs}")
        _run_suites(run, options)
    say(f"\nThe whole took {time.monotonic() - begun:.0f} s.")
    return run.report.close()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./setup/test", description="Run the tests; without options, all of them."
    )
    parser.add_argument("paths", nargs="*", help="run only these files or folders, with pytest")
    parser.add_argument(
        "--only", action="append", choices=SUITES, help="run only this suite; may be repeated"
    )
    parser.add_argument(
        "--addon", action="append", choices=paths.addon_names(), help="only this addon's tests"
    )
    parser.add_argument("-k", dest="keyword", help="pytest: only tests whose name fits the expression")
    parser.add_argument(
        "--tags", default="", help="Odoo: test tags instead of all of the addon (/addon:Class.method)"
    )
    parser.add_argument("--fast", action="store_true", help="leave out what needs a browser")
    parser.add_argument("--full", action="store_true", help="run the long tests of faults and fuzzing too")
    options = parser.parse_args(arguments)
    if options.paths:
        options.only = ["system"]
    elif options.addon and not options.only:
        options.only = ["pure", "odoo"]
    options.only = options.only or list(SUITES)
    return options


def _run_suites(run: TestRun, options: argparse.Namespace) -> None:
    names = options.addon or paths.addon_names()
    selection = [*(["-k", options.keyword] if options.keyword else []), *_marks(options)]
    if "lint" in options.only:
        with step("Style and conventions"):
            run.report.add(suite_lint.run())
    if "pure" in options.only:
        folders = [folder for name in names if (folder := paths.ADDONS / name / "tests" / "pure").exists()]
        _run_pytest(run, "pure", folders, selection)
    if "odoo" in options.only:
        _run_odoo(run, names, options.tags)
    if "system" in options.only:
        _run_pytest(run, "system", options.paths or [paths.ROOT / "tests"], selection)


def _run_pytest(run: TestRun, name: str, targets: list, selection: list[str]) -> None:
    if targets:
        with step(f"Tests: {name}") as current:
            run.report.add(suite_pytest.run(run, name, targets, current, selection))


def _run_odoo(run: TestRun, names: list[str], tags: str) -> None:
    database.Databases(run.odoo.server).drop_leftovers()
    for name in names:
        with step(f"Tests: {name}") as current:
            run.report.add(suite_odoo.run(run, name, current, tags))


def _marks(options: argparse.Namespace) -> list[str]:
    left_out = [
        mark for mark, wanted in (("browser", not options.fast), ("full", options.full)) if not wanted
    ]
    return ["-m", " and ".join(f"not {mark}" for mark in left_out)] if left_out else []
