"""Mutated inputs for everything that reads what others write: none may crash its reader or hang it.

The inputs are those of ``python -m tests.fuzz``; a fault is shown with the options that run its input again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from tests.fuzz import runner, targets
from tests.fuzz.__main__ import SEED

from .figures import Figure

TARGET = "no crash, no hang"


def measure(inputs: int) -> list[Figure]:
    """Run so many inputs, shared among the targets."""
    began = time.perf_counter()
    results = runner.fuzz(SEED, inputs)
    return figures_of(results, time.perf_counter() - began)


def figures_of(results: Mapping[str, runner.Result], seconds: float) -> list[Figure]:
    """Return a row of all inputs, and one for each target."""
    whole = sum(results.values(), runner.Result())
    what = f"{whole.inputs:,} mutated inputs, seed {SEED}, at lowered priority"
    found = f"{_found(whole)}, in {seconds:,.0f} s"
    rows = [Figure(what, found, target=TARGET, met=not whole.faults)]
    for name, result in results.items():
        subject = targets.load(name).__doc__.splitlines()[0].rstrip(".")
        what = f"{name}, {result.inputs:,} inputs: {subject}"
        rows.append(Figure(what, _found(result), target=TARGET, met=not result.faults))
    return rows


def _found(result: runner.Result) -> str:
    faults = [f"--seed {SEED} --replay {fault.target}:{fault.number}" for fault in result.faults]
    return f"{'; '.join(faults) or TARGET}, slowest {result.slowest * 1000:.0f} ms"
