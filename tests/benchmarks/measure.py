"""One benchmark in a process of its own: ``python -m tests.benchmarks.measure NAME FILE [--size=SIZE]``.

Needs the surroundings that ``tests/benchmarks/run`` and ``./setup/test`` provide; the figures go to the file.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup"))

from provisioning import command_line  # noqa: E402

from tests import pure  # noqa: E402

from . import figures  # noqa: E402
from .catalogue import BENCHMARKS, parse_size  # noqa: E402


def main(arguments: list[str]) -> int:
    """Measure with the benchmark's whole sizes, but for those that are given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("file", type=Path)
    parser.add_argument("--size", action="append", default=[])
    options = parser.parse_args(arguments)
    benchmark = BENCHMARKS[options.name]
    if benchmark.in_odoo:
        importlib.import_module("tests.benchmarks.databases").configure()
    else:
        pure.expose()
    module = importlib.import_module(f"tests.benchmarks.{benchmark.name}")
    sizes = benchmark.chosen_sizes(False, dict(map(parse_size, options.size)))
    figures.save(module.measure(**sizes), options.file)
    return 0


if __name__ == "__main__":
    command_line.run(main)
