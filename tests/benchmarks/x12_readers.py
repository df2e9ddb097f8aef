"""Reads a remittance file in one way and prints what it took.

    python -m tests.benchmarks.x12_readers READER FILE

Imports nothing but Python's own beforehand, so that each way is charged with what it needs itself.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator

CHUNK_BYTES = 64 * 1024


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


def read(reader: str, path: str) -> dict[str, float]:
    """Read a file once and return what it took, the time of imports left out.

    :return: ``processor`` seconds, ``megabytes`` of the process at its peak, ``count`` of what was read
    """
    if reader == "ours":
        from tests import pure

        pure.expose()
        import odoo.addons.healthcare_integration_rcm_posting.formats.remittance  # noqa: F401
    elif reader == "edi-835-parser":
        import edi_835_parser as _library  # noqa: F401
    began = time.process_time()
    count = READERS[reader](path)
    return {
        "processor": time.process_time() - began,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "count": count,
    }


if __name__ == "__main__":
    print(json.dumps(read(*sys.argv[1:])))
