"""How fast and in how much memory a large remittance is read, beside the limit of Python and another library.

    python tests/benchmarks/x12_reader.py [--claims 20000] [--rounds 5]

* split: a generator that cuts 64 KB chunks into segments and elements, whose segments are discarded: what
  no reader in pure Python can beat;
* ours: from the file to typed claims with Decimal amounts, envelope and balance checked;
* edi-835-parser: the same file read by that library, which builds claims but checks nothing.

Each measurement runs in a process of its own; the three are alternated, figures are medians of the rounds.
Processor time is compared, so that other work on the machine counts little. Peak memory is that of the
whole process, interpreter and imports included. The library is installed into a virtual environment below
``.local/benchmarks``; nothing else is changed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local" / "benchmarks"
LIBRARY = "edi-835-parser==1.8.0"
CHUNK_BYTES = 64 * 1024

LEAST_SHARE_OF_SPLIT = 0.2
LEAST_TIMES_LIBRARY = 8
MOST_MEGABYTES = 40


def split(path: str) -> int:
    """Return the number of segments."""
    return sum(1 for _ in _split_segments(path))


def _split_segments(path: str) -> Iterator[list[str]]:
    rest = ""
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            *segments, rest = (rest + chunk.decode()).split("~")
            for segment in segments:
                yield segment.split("*")


def ours(path: str) -> int:
    """Return the number of claims; the file must be found balanced and without findings."""
    from odoo.addons.healthcare_integration_base.formats.x12 import FindingLog
    from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
        RemittanceSummary,
        read_remittance_file,
    )

    findings = FindingLog()
    claims = 0
    with open(path, "rb") as file:
        for document in read_remittance_file(file, findings):
            if isinstance(document, RemittanceSummary):
                claims += document.claim_count
                findings.extend(document.findings)
    if findings.report():
        raise SystemExit(f"The benchmark's file is not sound: {findings.report()[0]}")
    return claims


def edi_835_parser(path: str) -> int:
    """Return the number of claims."""
    from edi_835_parser import parse

    return sum(len(transaction_set.claims) for transaction_set in parse(path))


READERS: dict[str, Callable[[str], int]] = {
    "split": split,
    "ours": ours,
    "edi-835-parser": edi_835_parser,
}


def measure(reader: str, path: str) -> dict[str, float]:
    """Read a file once in this process and return what it took, imports left out."""
    if reader == "ours":
        sys.path.insert(0, str(ROOT))
        from tests import pure

        pure.expose()
        import odoo.addons.healthcare_integration_rcm_posting.formats.remittance  # noqa: F401
    elif reader == "edi-835-parser":
        import edi_835_parser as _library  # noqa: F401
    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, processor = time.perf_counter(), time.process_time()
    count = READERS[reader](path)
    return {
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "growth": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - imported) / 1024,
        "count": count,
    }


def library_python() -> str:
    """Return the interpreter of a virtual environment that holds the library; make it when missing."""
    folder = FOLDER / "venv"
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != LIBRARY:
        print(f"Installing {LIBRARY} below {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", LIBRARY], check=True)
        stamp.write_text(LIBRARY)
    return str(python)


def run(reader: str, path: Path) -> dict[str, float]:
    """Measure in a process of its own."""
    python = library_python() if reader == "edi-835-parser" else sys.executable
    command = [python, __file__, "--measure", reader, "--file", str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def generated_file(claims: int) -> Path:
    """Return the file to read; make it when missing."""
    path = FOLDER / f"remittance_{claims}.835"
    if not path.exists():
        print(f"Generating {path.name}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        generator = Path(__file__).with_name("generate_remittance.py")
        subprocess.run([sys.executable, generator, "--claims", str(claims), path], check=True)
    return path


def compare(path: Path, rounds: int) -> bool:
    """Measure all readers in turn, print the table, and tell whether all targets are met."""
    library_python()
    results: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
    for _ in range(rounds):
        for reader, measured in results.items():
            measured.append(run(reader, path))
    medians = {
        reader: {key: statistics.median(one[key] for one in measured) for key in measured[0]}
        for reader, measured in results.items()
    }
    size = path.stat().st_size / 1e6
    segments = medians["split"]["count"]
    print(f"\n{path.name}: {size:.2f} MB, {segments:,.0f} segments, {medians['ours']['count']:,.0f} claims")
    print(f"medians of {rounds} alternated rounds, one process each\n")
    print(
        f"{'reader':16}{'CPU s':>8}{'wall s':>8}{'MB/s':>8}{'k segments/s':>14}{'peak MB':>9}{'grown MB':>9}"
    )
    for reader, median in medians.items():
        print(
            f"{reader:16}{median['processor']:8.3f}{median['wall']:8.3f}{size / median['processor']:8.1f}"
            f"{segments / median['processor'] / 1000:14,.0f}{median['megabytes']:9.1f}{median['growth']:9.1f}"
        )
    return _report_targets(medians)


def _report_targets(medians: dict[str, dict[str, float]]) -> bool:
    seconds = {reader: median["processor"] for reader, median in medians.items()}
    share = seconds["split"] / seconds["ours"]
    times = seconds["edi-835-parser"] / seconds["ours"]
    megabytes = medians["ours"]["megabytes"]
    targets = [
        (
            f"{share:.2f} of the speed of split",
            share >= LEAST_SHARE_OF_SPLIT,
            f"at least {LEAST_SHARE_OF_SPLIT}",
        ),
        (
            f"{times:.1f} times edi-835-parser",
            times >= LEAST_TIMES_LIBRARY,
            f"at least {LEAST_TIMES_LIBRARY}",
        ),
        (f"{megabytes:.1f} MB at the peak", megabytes < MOST_MEGABYTES, f"less than {MOST_MEGABYTES}"),
    ]
    print()
    for found, met, expected in targets:
        print(f"{'met ' if met else 'MISSED'}  {found} (target: {expected})")
    return all(met for _, met, _ in targets)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--claims", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--file", type=Path, help="read this file instead of a generated one")
    parser.add_argument("--measure", choices=READERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, str(options.file))))
        return 0
    path = options.file or generated_file(options.claims)
    return 0 if compare(path, options.rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
