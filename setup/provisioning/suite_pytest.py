"""Tests that pytest runs: the pure parts of the addons, and those across addons against real servers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from . import environment, paths
from .failure import SetupError, tail
from .outcomes import Outcome
from .processes import run_logged
from .progress import Step
from .test_run import TestRun

#: Marks that ``./setup/test`` selects by: a test that drives a browser, and one too long for every run. One
#: more names what a test of faults expects in Odoo's log.
MARKERS = (
    "browser: drives a real browser\n"
    "full: long, only run by ./setup/test --full\n"
    "logs(*allowances): all that the test may find in Odoo's log"
)
#: The property of a test that holds a text for the report's figures; the fixture ``tell`` records it.
FIGURES = "figures"
#: A single test that runs longer hangs.
_TEST_SECONDS = 600
_NO_TESTS_COLLECTED = 5
_PROBLEMS = ("failure", "error")


def run(
    test_run: TestRun, name: str, targets: Sequence[Path | str], current: Step, selection: Sequence[str] = ()
) -> Iterator[Outcome]:
    """Run pytest on files or folders.

    :param name: the suite's name, which its outcomes and its log bear
    :param selection: pytest's arguments that choose among the tests
    """
    results = test_run.logs / f"{name}.xml"
    log = test_run.logs / f"{name}.log"
    paths.TEMPORARY.mkdir(parents=True, exist_ok=True)
    temporary = paths.TEMPORARY / f"{name}-{os.getpid()}"
    arguments = [
        f"--junit-xml={results}",
        f"--basetemp={temporary}",
        "--override-ini=junit_family=xunit1",
        f"--override-ini=cache_dir={paths.CACHE / 'pytest'}",
        f"--override-ini=markers={MARKERS}",
        f"--timeout={_TEST_SECONDS}",
        "--verbosity=1",
        "--color=no",
        *selection,
    ]
    failure = ""
    try:
        run_logged(
            [environment.PYTHON, "-m", "pytest", *arguments, *targets],
            log,
            "pytest",
            environment=test_run.variables,
            folder=paths.ROOT,
            on_line=current.detail,
        )
    except SetupError as error:
        failure = error.what
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    outcomes = list(read_results(results, name)) if results.exists() else []
    yield from outcomes
    explained = any(outcome.failed for outcome in outcomes)
    if failure and not explained and not failure.endswith(f"(exit code {_NO_TESTS_COLLECTED})"):
        yield Outcome(f"{name}: {failure}", "\n".join(tail(log, 40)))


def read_results(file: Path, suite: str) -> Iterator[Outcome]:
    """Read a JUnit XML file; a test that was skipped or expected to fail has not passed."""
    for case in ElementTree.parse(file).iter("testcase"):
        name = f"{suite}: {case.get('file') or case.get('classname')}::{case.get('name')}"
        seconds = float(case.get("time") or 0)
        skips = [child.get("message") or "" for child in case if child.tag == "skipped"]
        problems = [
            child.text or child.get("message") or child.tag for child in case if child.tag in _PROBLEMS
        ]
        figures = [
            item.get("value") for item in case.iterfind("properties/property") if item.get("name") == FIGURES
        ]
        yield Outcome.of(name, "\n".join(problems), skips[0] if skips else None, seconds, figures)
