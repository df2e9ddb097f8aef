"""How fast and in how much memory a large remittance is read, beside the limit of Python and another library.

* split: a generator that cuts 64 KB chunks into segments and elements, whose segments are discarded: what
  no reader in pure Python can beat;
* ours: from the file to typed claims with Decimal amounts, envelope and balance checked;
* edi-835-parser: the same file read by that library, which builds claims but checks nothing.

Each measurement runs in a process of its own; the three are alternated, figures are medians of the rounds.
Processor time is compared, so that other work on the machine counts little. Peak memory is that of the
whole process, interpreter and imports included.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from . import peers
from .figures import Figure, at_least, at_most, in_turn
from .generate_remittance import write_benchmark_file

LIBRARY = "edi-835-parser"
LEAST_SHARE_OF_SPLIT = 0.2
LEAST_TIMES_LIBRARY = 8
MOST_MEGABYTES = 40


def measure(claims: int, rounds: int) -> list[Figure]:
    """Read a generated file of so many claims in so many rounds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "remittance.835"
        write_benchmark_file(path, claims)
        size = path.stat().st_size / 1e6
        results = in_turn(
            {reader: partial(read_apart, reader, path) for reader in ("split", "ours", LIBRARY)}, rounds
        )
    medians = {
        reader: {key: statistics.median(one[key] for one in measured) for key in measured[0]}
        for reader, measured in results.items()
    }
    return _figures(size, claims, rounds, medians)


def read_apart(reader: str, path: Path) -> dict[str, float]:
    """Read the file in a process of its own; return what it took."""
    variables = dict(os.environ)
    if reader == LIBRARY:
        variables["PYTHONPATH"] = str(peers.folder(LIBRARY))
    command = [sys.executable, "-m", "tests.benchmarks.x12_readers", reader, str(path)]
    run = subprocess.run(command, env=variables, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout)


def _figures(size: float, claims: int, rounds: int, medians: dict[str, dict[str, float]]) -> list[Figure]:
    seconds = {reader: median["processor"] for reader, median in medians.items()}
    share = seconds["split"] / seconds["ours"]
    times = seconds[LIBRARY] / seconds["ours"]
    megabytes = medians["ours"]["megabytes"]
    segments = medians["split"]["count"] / seconds["ours"] / 1000
    return [
        Figure(
            f"read a remittance of {size:.1f} MB, {claims:,} claims: typed, Decimal, checked"
            f" (medians of {rounds})",
            f"{size / seconds['ours']:.1f} MB/s, {segments:,.0f} k segments/s",
            f"splitting and discarding, {size / seconds['split']:.1f} MB/s",
            share,
            *at_least(share, LEAST_SHARE_OF_SPLIT),
        ),
        Figure(
            "the same",
            f"{seconds['ours']:.2f} s",
            f"edi-835-parser, {seconds[LIBRARY]:.2f} s",
            times,
            *at_least(times, LEAST_TIMES_LIBRARY),
        ),
        Figure(
            "peak memory of that process",
            f"{megabytes:.0f} MB",
            "",
            None,
            *at_most(megabytes, MOST_MEGABYTES, "MB"),
        ),
    ]
