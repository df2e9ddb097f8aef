"""``tests/benchmarks/run``: every figure by one command, each beside its peer or limit of the same run."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from provisioning import environment, odoo_process, paths, processes, test_environment
from provisioning.database import Databases
from provisioning.failure import SetupError
from provisioning.odoo_process import Odoo
from provisioning.progress import say, step

from . import figures, machine, peers, results
from .catalogue import BENCHMARKS, Benchmark, parse_size
from .figures import Figure


def main(arguments: list[str]) -> int:
    """Run the chosen benchmarks and return 0 when each of them ran and met its targets."""
    options = _parse(arguments)
    sizes = dict(map(parse_size, options.size))
    say("Setting up")
    with odoo_process.provisioned() as odoo:
        Databases(odoo.server).drop_leftovers()
        chosen = [BENCHMARKS[name] for name in options.names or BENCHMARKS]
        run = _Run(odoo, machine.describe(odoo), judges_targets=not (options.quick or sizes))
        for benchmark in chosen:
            run.measure(benchmark, benchmark.chosen_sizes(options.quick, sizes))
            if options.write:
                # At once: somebody may end a run that takes an hour.
                run.write()
    run.show()
    return run.exit_code()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/benchmarks/run", description="Measure, and print each figure beside its peer or limit."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that everything works")
    parser.add_argument(
        "--size", action="append", default=[], metavar="NAME=NUMBER", help="another size; may be repeated"
    )
    parser.add_argument("--write", action="store_true", help="renew the sections of RESULTS.md")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(BENCHMARKS)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    if options.write and (options.quick or options.size):
        parser.error("--write is for the whole sizes only")
    return options


class _Run:
    """The figures of one run.

    :param surroundings: the machine and the date
    :param judges_targets: whether a target may be missed; targets hold for the whole sizes
    """

    def __init__(self, odoo: Odoo, surroundings: str, judges_targets: bool) -> None:
        self._odoo = odoo
        self._surroundings = surroundings
        self._judges_targets = judges_targets
        self._figures: dict[str, list[Figure]] = {}
        self._failures: dict[str, SetupError] = {}

    def measure(self, benchmark: Benchmark, sizes: Mapping[str, int]) -> None:
        """Run a benchmark in a process of its own; one that fails does not keep the others from running."""
        try:
            peers.ensure(benchmark.peers)
            with step(f"Benchmark {benchmark.name}") as current:
                self._figures[benchmark.name] = self._measured(benchmark, sizes, current.detail)
        except SetupError as failure:
            self._failures[benchmark.name] = failure

    def _measured(self, benchmark: Benchmark, sizes: Mapping[str, int], on_line) -> list[Figure]:
        log = paths.LOGS / f"benchmark-{benchmark.name}.log"
        log.unlink(missing_ok=True)
        file = paths.LOGS / f"benchmark-{benchmark.name}.json"
        arguments = [f"--size={name}={size}" for name, size in sizes.items()]
        processes.run_logged(
            [environment.PYTHON, "-m", "tests.benchmarks.measure", benchmark.name, file, *arguments],
            log,
            f"The benchmark {benchmark.name} failed",
            environment=test_environment.variables(self._odoo, None),
            folder=paths.ROOT,
            on_line=on_line,
        )
        measured = figures.load(file)
        return measured if self._judges_targets else list(map(figures.unjudged, measured))

    def show(self) -> None:
        """Print the table, and what failed."""
        say(f"\n{self._surroundings}\n")
        say(results.terminal_table(self._all()))
        if not self._judges_targets:
            say("\nThe targets hold for the whole sizes: here they are not judged.")
        for failure in self._failures.values():
            say(f"\n{failure}")

    def write(self) -> None:
        """Renew the sections of the benchmarks that ran so far; the others stay as they are."""
        text = results.FILE.read_text(encoding="utf-8")
        for name, measured in self._figures.items():
            text = results.renewed(text, name, results.section(name, self._surroundings, measured))
        results.FILE.write_text(text, encoding="utf-8")

    def exit_code(self) -> int:
        """Return 1 when a benchmark failed or a target was missed."""
        return 1 if self._failures or figures.missed(self._all()) else 0

    def _all(self) -> list[Figure]:
        return [figure for measured in self._figures.values() for figure in measured]
