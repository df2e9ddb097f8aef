"""Memory of taking in and reading a 100 MB remittance file, as one server process does it.

The file is received (encrypted in chunks), split, read to typed claims and stored as records, each step in
its own transaction as the queue does it. Peak memory is that of the whole process, Odoo included.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from . import databases
from .figures import Figure, at_most, peak_mib
from .generate_remittance import write_benchmark_file

CHUNK_BYTES = 1 << 20
MOST_MIB = 300


def measure(claims: int, transactions: int) -> list[Figure]:
    """Take in one file of so many claims, spread over so many payments."""
    with databases.environment(databases.REMITTANCES) as env, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.835"
        write_benchmark_file(path, claims, transactions)
        megabytes = path.stat().st_size / 1e6
        began = time.perf_counter()
        _take_in(env, path)
        seconds = time.perf_counter() - began
    return [
        Figure(
            f"take in and read {megabytes:.1f} MB, {claims:,} claims, in {transactions} transaction(s):"
            " peak memory, Odoo included",
            f"{peak_mib():.0f} MiB in {seconds:.0f} s",
            "",
            None,
            *at_most(peak_mib(), MOST_MIB, "MiB"),
        )
    ]


def _take_in(env, path: Path) -> None:
    system = env["integration.system"].create(
        {"name": "Large file", "code": "large_file", "category": "payer"}
    )
    endpoint = env["integration.endpoint"].create(
        {"name": "Large file", "system_id": system.id, "transport": "sftp", "host": "127.0.0.1"}
    )
    message = env["integration.message"]._receive(endpoint, path.name, _chunks(path))
    env.cr.commit()
    message._open_interchange()
    env.cr.commit()
    handler = env["rcm.remittance.handler"]
    for child in message.child_ids:
        env["rcm.remittance"]._store(child, handler._parse(child))
        env.cr.commit()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
