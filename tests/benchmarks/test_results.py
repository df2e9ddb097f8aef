"""The table of figures, the sections of RESULTS.md, and the command that fills them."""

import subprocess
import sys
from pathlib import Path

import pytest
from provisioning.outcomes import Outcome

from tests.benchmarks import faults, figures, fuzz, results
from tests.benchmarks.figures import Figure
from tests.fuzz.runner import Fault, Result

RUN = Path(__file__).with_name("run")
SECONDS = 300
OLD = "# Results\n\nHead.\n\n## first\n\nMonday.\n\n| old |\n\n## first_aid\n\nKept.\n\n## last\n\nTuesday.\n"


def test_a_section_is_renewed_in_its_place():
    new = results.section("first", "Wednesday", [Figure("work", "5/s", "peer, 2/s", 2.5, "at least 2", True)])
    text = results.renewed(OLD, "first", new)
    assert text == OLD.replace("Monday.\n\n| old |\n", new.partition("## first\n\n")[2])
    assert "| work | 5/s | peer, 2/s | 2.50 | at least 2 | met |" in text
    assert results.renewed(text, "first", new) == text


@pytest.mark.parametrize("name", ["last", "another"])
def test_a_section_at_the_end_is_renewed_or_added(name):
    text = results.renewed(OLD, name, results.section(name, "Wednesday", [Figure("work", "5/s")]))
    assert text.startswith(OLD[: OLD.index("## last")])
    assert text.endswith("| work | 5/s |  |  |  |  |\n")
    assert text.count(f"## {name}\n") == 1 and "\n\n\n" not in text


def test_targets():
    assert figures.at_least(10_000, 10_000, "tasks/s") == ("at least 10,000 tasks/s", True)
    assert figures.at_least(0.19, 0.2) == ("at least 0.2", False)
    assert figures.at_most(1.2, 1.2) == ("at most 1.2", True)
    assert figures.at_most(301, 300, "MiB") == ("at most 300 MiB", False)


def test_ways_are_measured_in_turn():
    order = []
    ways = {name: lambda name=name: order.append(name) or len(order) for name in ("ours", "peer")}
    assert figures.medians(ways, 3) == {"ours": 3, "peer": 4}
    assert order == ["ours", "peer"] * 3


def test_figures_pass_between_processes(tmp_path):
    measured = [Figure("work", "5/s", "peer", 2.5, "at least 2", True), Figure("memory", "5 MiB")]
    figures.save(measured, tmp_path / "figures.json")
    assert figures.load(tmp_path / "figures.json") == measured


def test_only_a_judged_target_can_be_missed():
    missed = Figure("work", "1/s", "", None, *figures.at_least(1, 2, "/s"))
    assert figures.missed([Figure("work", "5/s"), missed]) == [missed]
    assert not figures.missed([figures.unjudged(missed)])
    assert figures.unjudged(missed).target == "at least 2 /s"


def test_tests_of_faults_are_rows_with_their_own_account():
    rows = faults.figures_of(
        [
            Outcome(
                "faults: tests/faults/test_a.py::test_no_task_is_lost[5-2]", figures=("slow", "5\ntasks: 5")
            ),
            Outcome("faults: tests/faults/test_a.py::test_nothing_to_tell"),
            Outcome("faults: tests/faults/test_b.py::test_a_clock", left_out="no clock"),
            Outcome(
                "faults: tests/faults/test_c.py::test_order", "Traceback\nAssertionError: 2", figures=("3",)
            ),
            Outcome("faults: tests/faults/test_c.py::test_end", "Traceback\nAssertionError: 4"),
        ]
    )
    assert [(row.what, row.figure, row.met) for row in rows] == [
        ("no task is lost", "5 tasks: 5", True),
        ("a clock", "not run: no clock", None),
        ("order", "3", False),
        ("end", "AssertionError: 4", False),
        ("all tests of faults", "2 passed, 2 failed, 1 not run", False),
    ]
    assert faults.figures_of([])[-1].met is False
    assert faults.figures_of([Outcome("faults: a::test_b")])[-1].met is True


def test_faults_that_fuzzing_finds_miss_the_target_and_can_be_run_again():
    results_of = {
        "keys": Result(5, 2, 0.25),
        "webhook": Result(7, 0, 0.5, (Fault("webhook", 3, "Traceback"),)),
    }
    whole, keys, webhook = fuzz.figures_of(results_of, 9.7)
    assert whole.what.startswith("12 mutated inputs") and whole.figure.endswith("slowest 500 ms, in 10 s")
    assert keys.figure == "no crash, no hang, slowest 250 ms" and keys.what.startswith(
        "keys, 5 inputs: Keys as"
    )
    assert f"--seed {fuzz.SEED} --replay webhook:3" in webhook.figure
    assert (whole.met, keys.met, webhook.met) == (False, True, False)


def test_one_command_measures_and_prints_a_table():
    run = _run("--quick", "mapping", "fuzz")
    assert run.returncode == 0, run.stdout + run.stderr
    table = run.stdout[run.stdout.index("what  ") :]
    assert "Python 3." in run.stdout and "PostgreSQL " in run.stdout and " cores, " in run.stdout
    assert "map 1,000 JSON records" in table and "by hand without checks" in table
    assert "9,000 mutated inputs" in table and "no crash, no hang" in table
    assert "at least 5,000" in table and "not judged" in table


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nothing"], "no benchmark nothing; there are x12_reader, mapping,"),
        (["--quick", "--write"], "--write is for the whole sizes only"),
        (["--size", "rows=5"], "--size rows=5 is not understood"),
    ],
)
def test_what_the_command_refuses(arguments, complaint):
    run = _run(*arguments)
    assert run.returncode and complaint in run.stderr


def _run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(RUN), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
