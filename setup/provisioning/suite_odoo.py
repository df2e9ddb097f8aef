"""Each addon's own Odoo tests, run by Odoo's runner on a database with what the addon depends on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import installed, odoo_log, paths, test_environment
from .failure import tail
from .outcomes import OPTIONAL, Outcome
from .ports import free_port
from .processes import started
from .progress import Step
from .test_run import TestRun

ALLOWANCES = paths.SETUP / "allowed-log-entries.txt"
_RUN_SECONDS = 1200
_NO_BROWSER = re.compile(r"chrome", re.IGNORECASE)


def run(test_run: TestRun, addon: str, current: Step, tags: str = "") -> Iterator[Outcome]:
    """Install one addon and run its tests.

    :param tags: Odoo's test tags; by default all tests of the addon
    """
    odoo = test_run.odoo
    log = test_run.logs / f"odoo-{addon}.log"
    current.detail("template of the dependencies")
    template = installed.dependency_template(odoo, [addon])
    with installed.copied(odoo, template, addon.removeprefix("healthcare_integration_")) as name:
        current.detail("tests")
        arguments = ["-d", name, "-i", addon, "--test-tags", tags or f"/{addon}"]
        code = _run_tests(odoo.command(*arguments), test_run.variables, log)
    without_browser = test_environment.BROWSER not in test_run.variables
    yield from outcomes(addon, log, code, may_lack_browser=without_browser)


def _run_tests(command: list[str], variables: Mapping[str, str], log: Path) -> int | None:
    """Return Odoo's exit code; ``None`` when it had to be stopped."""
    command += [
        "--stop-after-init",
        "--http-port",
        str(free_port()),
        "--log-handler",
        "odoo.tests.stats:DEBUG",
    ]
    with (
        log.open("wb") as output,
        started(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            return process.wait(_RUN_SECONDS)
        except subprocess.TimeoutExpired:
            return None


def outcomes(addon: str, log: Path, code: int | None, may_lack_browser: bool = False) -> Iterator[Outcome]:
    """Turn the log of a run into outcomes: each test, the run as a whole, each log entry nobody expected.

    :param code: Odoo's exit code; ``None`` when it did not end in time
    """
    with log.open(encoding="utf-8", errors="replace") as lines:
        entries = list(odoo_log.read_entries(lines))
    results = odoo_log.test_results(entries)
    for name in dict.fromkeys([*results.run, *results.skipped, *results.broken]):
        reason = results.skipped.get(name)
        if may_lack_browser and reason and _NO_BROWSER.search(reason):
            reason = f"{OPTIONAL} {reason}"
        text = results.broken.get(name, "")
        yield Outcome.of(f"{addon}: {name}", text, reason, results.seconds.get(name, 0.0))
    yield Outcome(f"{addon}: installation and run", _fault_of_run(addon, log, code, results))
    for entry in odoo_log.unexpected(entries, odoo_log.read_allowances(ALLOWANCES)):
        yield Outcome(f"{addon}: log entry of {entry.logger}", f"{entry.level} {entry.message}")


def _fault_of_run(addon: str, log: Path, code: int | None, results: odoo_log.TestResults) -> str:
    if code is None:
        return f"not ended after {_RUN_SECONDS} s:\n" + "\n".join(tail(log))
    if not results.complete or (code and not results.broken):
        return f"Odoo ended with code {code}:\n" + "\n".join(tail(log, 40))
    if not results.run and any((paths.ADDONS / addon / "tests").glob("test_*.py")):
        return "the addon has tests, and none was run"
    return ""
