"""Memory of taking in and reading a 100 MB remittance file, as one server process does it.

Runs in Odoo's shell on a database of its own that has the remittance addon installed (see ``posting.py``):

    ./setup/odoo shell -d benchmark --no-http < tests/benchmarks/large_file.py

The file is received (encrypted in chunks), split, read to typed claims and stored as records, each step in
its own transaction as the queue does it. Peak memory is that of the whole process, Odoo included; the limit
is 300 MiB. BENCHMARK_CLAIMS sets the size (220000 claims are about 100 MB).
"""

# ruff: noqa: F821 (env is the shell's)
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.environ.get("BENCHMARK_ROOT") or os.getcwd())
from tests.benchmarks.generate_remittance import write_benchmark_file  # noqa: E402

CLAIMS = int(os.environ.get("BENCHMARK_CLAIMS", "220000"))
TRANSACTIONS = int(os.environ.get("BENCHMARK_TRANSACTIONS", "1"))
CHUNK = 1 << 20
LIMIT_MIB = 300


def chunks(path):
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def step(name, work):
    started = time.perf_counter()
    result = work()
    env.cr.commit()
    print(f"{name:<28} {time.perf_counter() - started:8.1f} s   peak {peak_mib():6.0f} MiB", flush=True)
    return result


def main(env):
    system = env["integration.system"].create(
        {"name": "Large file", "code": str(time.time()), "category": "payer"}
    )
    endpoint = env["integration.endpoint"].create(
        {"name": "Large file", "system_id": system.id, "transport": "sftp", "host": "127.0.0.1"}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.835"
        step("generate (not counted)", lambda: write_benchmark_file(path, CLAIMS, TRANSACTIONS))
        print(f"{path.stat().st_size / 1e6:.1f} MB, {CLAIMS} claims, {TRANSACTIONS} transaction(s)")
        message = step(
            "receive and encrypt",
            lambda: env["integration.message"]._receive(endpoint, path.name, chunks(path)),
        )
    step("split", message._open_interchange)
    for child in message.child_ids:
        step(
            "read and store claims",
            lambda child=child: env["rcm.remittance"]._store(
                child, env["rcm.remittance.handler"]._parse(child)
            ),
        )
    env.cr.execute("DELETE FROM integration_task")
    env.cr.commit()
    verdict = "within" if peak_mib() < LIMIT_MIB else "OVER"
    print(f"peak {peak_mib():.0f} MiB of {LIMIT_MIB} MiB: {verdict} the limit")


main(env)
