"""The benchmarks that ``tests/benchmarks/run`` knows: each is a module with a function ``measure``.

``measure`` takes the sizes as keyword arguments and returns a list of figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisioning.failure import SetupError


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    :ivar name: the module in this folder
    :ivar sizes: the sizes of a whole run, which the targets hold for
    :ivar quick: those of them that ``--quick`` makes smaller
    :ivar peers: packages that it compares with; see ``peers.py``
    :ivar in_odoo: whether its process can import Odoo; the others prove that they need none
    """

    name: str
    sizes: Mapping[str, int]
    quick: Mapping[str, int]
    peers: tuple[str, ...] = ()
    in_odoo: bool = True

    def chosen_sizes(self, is_quick: bool, wanted: Mapping[str, int]) -> dict[str, int]:
        """Return the sizes of a run; ``wanted`` ones that it does not have are left out."""
        sizes = {**self.sizes, **(self.quick if is_quick else {})}
        return {name: wanted.get(name, size) for name, size in sizes.items()}


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            "x12_reader",
            {"claims": 20_000, "rounds": 5},
            {"claims": 1_000, "rounds": 1},
            peers=("edi-835-parser",),
            in_odoo=False,
        ),
        Benchmark(
            "mapping", {"records": 20_000, "rounds": 5}, {"records": 1_000, "rounds": 1}, in_odoo=False
        ),
        Benchmark(
            "posting",
            {"claims": 500, "many_claims": 5_000, "naive_claims": 100, "rounds": 5},
            {"claims": 50, "many_claims": 0, "naive_claims": 10, "rounds": 1},
        ),
        Benchmark("large_file", {"claims": 220_000, "transactions": 1}, {"claims": 1_000}),
        Benchmark(
            "webhook",
            {"requests": 2_000, "rounds": 5, "clients": 4},
            {"requests": 100, "rounds": 1, "clients": 2},
        ),
        Benchmark(
            "key_rotation",
            {"payloads": 10_000, "payload_bytes": 4_096, "rounds": 3},
            {"payloads": 1_500, "rounds": 1},
        ),
        Benchmark(
            "queue",
            {
                "tasks": 20_000,
                "peer_tasks": 2_000,
                "single_tasks": 50,
                "memory_tasks": 100_000,
                "finished_tasks": 1_000_000,
            },
            {
                "tasks": 1_000,
                "peer_tasks": 100,
                "single_tasks": 5,
                "memory_tasks": 0,
                "finished_tasks": 10_000,
            },
            peers=("queue_job", "openupgradelib"),
        ),
        Benchmark("faults", {"full": 1}, {"full": 0}, in_odoo=False),
        Benchmark("fuzz", {"inputs": 1_000_000}, {"inputs": 9_000}, in_odoo=False),
    )
}


def parse_size(text: str) -> tuple[str, int]:
    """Read ``NAME=NUMBER`` of the command line.

    :raises SetupError: it has another form, or no benchmark has a size of that name
    """
    name, _equals, number = text.partition("=")
    known = sorted({size for benchmark in BENCHMARKS.values() for size in benchmark.sizes})
    if name not in known or not number.isdigit():
        raise SetupError(
            f"--size {text} is not understood", f"Write NAME=NUMBER, NAME one of {', '.join(known)}."
        )
    return name, int(number)
