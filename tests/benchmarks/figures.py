"""What a benchmark hands back, and how its ways are measured in turn."""

from __future__ import annotations

import dataclasses
import json
import resource
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measured figure beside its peer or limit.

    :ivar what: the work, with its size
    :ivar figure: what was measured, with its unit
    :ivar peer: the peer or limit of the same run, with its own figure; empty where there is none
    :ivar ratio: the figure as a multiple of the peer's; None where there is no peer
    :ivar target: what is asked for; empty where nothing is
    :ivar met: whether the target is met; None without a target
    """

    what: str
    figure: str
    peer: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def at_least(value: float, least: float, unit: str = "") -> tuple[str, bool]:
    """Return a target, and whether the value meets it."""
    return f"at least {least:,} {unit}".rstrip(), value >= least


def at_most(value: float, most: float, unit: str = "") -> tuple[str, bool]:
    """Return a target, and whether the value meets it."""
    return f"at most {most:,} {unit}".rstrip(), value <= most


def unjudged(figure: Figure) -> Figure:
    """Return the figure without a verdict: targets hold for the whole sizes only."""
    return dataclasses.replace(figure, met=None)


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """Return the figures whose target is not met."""
    return [figure for figure in figures if figure.met is False]


def in_turn(ways: Mapping[str, Callable[[], Result]], rounds: int) -> dict[str, list[Result]]:
    """Measure every way once a round, one after the other, so that what disturbs one disturbs all.

    :return: the results of each way, by its name
    """
    results: dict[str, list[Result]] = {name: [] for name in ways}
    for _round in range(rounds):
        for name, measure in ways.items():
            results[name].append(measure())
    return results


def peak_mib() -> float:
    """Return the most memory that this process had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def medians(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the median of each way's results, by its name; see :func:`in_turn`."""
    return {name: statistics.median(results) for name, results in in_turn(ways, rounds).items()}


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that this share of the ordered values lies below."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def save(figures: Sequence[Figure], file: Path) -> None:
    """Write figures for :func:`load`."""
    file.write_text(json.dumps([dataclasses.asdict(figure) for figure in figures]), encoding="utf-8")


def load(file: Path) -> list[Figure]:
    """Read figures that another process saved."""
    return [Figure(**values) for values in json.loads(file.read_text(encoding="utf-8"))]
