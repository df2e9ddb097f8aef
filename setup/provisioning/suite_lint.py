"""The tests of style and of Odoo's conventions."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from . import environment, paths
from .outcomes import Outcome

#: Ruff would format the code blocks of documents, too.
_ONLY_PYTHON = "--extend-exclude=*.md"
#: Commands without an ending, which it does not find by itself.
_SCRIPTS = (
    *(paths.SETUP / name for name in ("demo", "odoo", "test")),
    paths.ROOT / "tests" / "benchmarks" / "run",
)


def run() -> Iterator[Outcome]:
    """Run every linter over the checkout."""
    programs = paths.VENV / "bin"
    yield _check("ruff check", [programs / "ruff", "check", "--quiet", paths.ROOT, *_SCRIPTS])
    yield _check(
        "ruff format",
        [programs / "ruff", "format", "--check", "--quiet", _ONLY_PYTHON, paths.ROOT, *_SCRIPTS],
    )
    addons = [paths.ADDONS / name for name in paths.addon_names()]
    yield _check(
        "pylint-odoo", [programs / "pylint", f"--rcfile={paths.ROOT / '.pylintrc'}", "--jobs=2", *addons]
    )


def _check(name: str, command: list[str | Path]) -> Outcome:
    started = time.monotonic()
    result = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=paths.ROOT,
        env=environment.variables(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    text = (result.stdout or f"exit code {result.returncode}") if result.returncode else ""
    return Outcome(f"lint: {name}", text, time.monotonic() - started)
