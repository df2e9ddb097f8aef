"""``python -m tests.fuzz``: fuzz from the command line, or run one input again.

python -m tests.fuzz --count 1000000
python -m tests.fuzz --seed 7 --replay remittance:4711
"""

from __future__ import annotations

import argparse
import signal
import time

from tests.fuzz import runner, targets

SEED = 20261121


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Fuzz what reads foreign input."
    )
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--target", action="append", choices=targets.names())
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--replay", metavar="TARGET:NUMBER", help="run one input again, and show it")
    options = parser.parse_args()
    if options.replay:
        return replay(options.seed, *options.replay.split(":"))
    began = time.perf_counter()
    results = runner.fuzz(options.seed, options.count, options.target, options.processes)
    return report(results, options.seed, time.perf_counter() - began)


def replay(seed: int, name: str, number: str) -> int:
    target = targets.load(name)
    print(target.make(runner.generator(seed, name, int(number))))
    signal.signal(signal.SIGALRM, runner._raise_hang)
    result = runner.run_input(target, seed, name, int(number))
    print(result.faults[0].text if result.faults else f"no fault, {result.slowest:.4f} s")
    return bool(result.faults)


def report(results: dict[str, runner.Result], seed: int, seconds: float) -> int:
    """Print what was found; return 1 if an input crashed or hung its target."""
    for name, result in results.items():
        print(
            f"{name:<14} {result.inputs:>9,} inputs, {result.refused:>9,} refused as the suite refuses, "
            f"slowest {result.slowest * 1000:.0f} ms, {len(result.faults)} faults"
        )
    inputs = sum(result.inputs for result in results.values())
    faults = [fault for result in results.values() for fault in result.faults]
    print(
        f"{inputs:,} inputs in {seconds:.0f} s, {inputs / seconds:,.0f}/s, seed {seed}: {len(faults)} faults"
    )
    for fault in faults:
        print(f"\n--seed {seed} --replay {fault.target}:{fault.number}\n{fault.text}")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
