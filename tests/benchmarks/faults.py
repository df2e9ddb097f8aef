"""The tests of ``tests/faults``: what each tells of the work that was killed, cut off, delayed or held.

What a test demands (none lost, none done twice, at least half the speed, ...) it asserts itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioning import paths, suite_pytest, test_environment, test_run
from provisioning.outcomes import Outcome
from provisioning.progress import step
from provisioning.test_run import TestRun

from .figures import Figure

TARGET = "what the test asserts"


def measure(full: int) -> list[Figure]:
    """Run the tests, with ``full`` their long forms too, as ``./setup/test --full`` does."""
    odoo = test_environment.inherited()
    run = TestRun(odoo, test_environment.variables(odoo, None), test_run.new_log_folder())
    selection = [] if full else ["-m", "not full"]
    with step("Tests of faults") as current:
        return figures_of(
            suite_pytest.run(run, "faults", [paths.ROOT / "tests" / "faults"], current, selection)
        )


def figures_of(outcomes: Iterable[Outcome]) -> list[Figure]:
    """Return a row for each test that tells a figure or failed, then one of all tests."""
    outcomes = list(outcomes)
    rows = [_row(outcome) for outcome in outcomes if outcome.figures or not outcome.passed]
    passed = sum(outcome.passed for outcome in outcomes)
    left_out = sum(bool(outcome.left_out) for outcome in outcomes)
    failed = len(outcomes) - passed - left_out
    counts = f"{passed} passed, {failed} failed" + (f", {left_out} not run" if left_out else "")
    return [*rows, Figure("all tests of faults", counts, target="none fails", met=passed > 0 and not failed)]


def _row(outcome: Outcome) -> Figure:
    what = outcome.name.rpartition("::")[2].partition("[")[0].removeprefix("test_").replace("_", " ")
    if outcome.left_out:
        return Figure(what, f"not run: {outcome.left_out}")
    # A test that measures again because the machine was disturbed tells each time: its last word counts.
    told = outcome.figures[-1] if outcome.figures else outcome.text.strip().rpartition("\n")[2]
    return Figure(what, " ".join(told.split()), target=TARGET, met=outcome.passed)
