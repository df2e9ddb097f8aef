"""Runs inputs against targets on several processes; a crash, a hang or a dead process is a fault."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from tests import pure

pure.expose()

from odoo.addons.healthcare_integration_base.errors import IntegrationError  # noqa: E402

from tests.fuzz import targets  # noqa: E402
from tests.fuzz.mutations import generator  # noqa: E402

BATCH = 1_000
#: Seconds that one input may take; it takes well under a millisecond.
INPUT_SECONDS = 5.0
#: Seconds after which a process that does not even answer the alarm ends itself with a traceback.
BATCH_SECONDS = 120
FAULTS_KEPT = 20


class Hang(BaseException):
    """An input took longer than it may; no ``except Exception`` of the code under test hides it."""


@dataclass(frozen=True)
class Fault:
    """An input that crashed or hung its target; ``target:number`` replays it with the same seed."""

    target: str
    number: int
    text: str


@dataclass
class Result:
    """What a run found."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    faults: tuple[Fault, ...] = ()

    def __add__(self, other: Result) -> Result:
        faults = (self.faults + other.faults)[:FAULTS_KEPT]
        slowest = max(self.slowest, other.slowest)
        return Result(self.inputs + other.inputs, self.refused + other.refused, slowest, faults)


def fuzz(seed: int, count: int, names: list[str] | None = None, processes: int = 2) -> dict[str, Result]:
    """Run ``count`` inputs, shared among the targets.

    :return: the result of each target; one whose process died has the fault ``process died``
    """
    results = {name: Result() for name in names or targets.names()}
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=os.nice, initargs=(5,)) as pool:
        jobs = [(batch, pool.submit(run_batch, seed, *batch)) for batch in _batches(count, list(results))]
        for (name, first, _last), job in jobs:
            try:
                results[name] += job.result()
            except BrokenProcessPool:
                results[name] += Result(
                    faults=(Fault(name, first, "the process died in or after this batch"),)
                )
                break
    return results


def _batches(count: int, names: list[str]) -> Iterator[tuple[str, int, int]]:
    """Yield target, first and end of each batch; the targets' shares add up to ``count``."""
    shares = [targets.load(name).SHARE for name in names]
    given = 0
    for position, (name, share) in enumerate(zip(names, shares, strict=True)):
        is_last = position == len(names) - 1
        own = count - given if is_last else count * share // sum(shares)
        given += own
        for first in range(0, own, BATCH):
            yield name, first, min(first + BATCH, own)


def run_batch(seed: int, name: str, first: int, end: int) -> Result:
    """Run the inputs of these numbers in this process."""
    signal.signal(signal.SIGALRM, _raise_hang)
    faulthandler.dump_traceback_later(BATCH_SECONDS, exit=True)
    target, result = targets.load(name), Result()
    try:
        for number in range(first, end):
            result += run_input(target, seed, name, number)
    finally:
        faulthandler.cancel_dump_traceback_later()
    return result


def run_input(target, seed: int, name: str, number: int) -> Result:
    """Run one input and tell what came of it."""
    data = target.make(generator(seed, name, number))
    began = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, INPUT_SECONDS)
    try:
        target.run(data)
    except IntegrationError:
        return Result(1, 1, time.perf_counter() - began)
    except KeyboardInterrupt:
        raise
    except BaseException:
        # Hang, and the panic of a library that is written in Rust, are no Exception.
        return Result(1, 0, time.perf_counter() - began, (Fault(name, number, traceback.format_exc()),))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return Result(1, 0, time.perf_counter() - began)


def _raise_hang(_signal, _frame):
    raise Hang(f"longer than {INPUT_SECONDS} s")
