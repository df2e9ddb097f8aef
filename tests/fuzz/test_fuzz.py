"""Damaged input ends in findings or in an error of the suite, never in a crash or a hang."""

import contextlib
import io
import time

import pytest

from tests.fuzz import runner, targets
from tests.fuzz.__main__ import SEED, report
from tests.fuzz.mutations import generator

BOUNDED = 12_000
WHOLE = 1_000_000


def _assert_no_fault(count, tell):
    began = time.perf_counter()
    results = runner.fuzz(SEED, count)
    with contextlib.redirect_stdout(io.StringIO()) as reported:
        failed = report(results, SEED, time.perf_counter() - began)
    tell(reported.getvalue().rstrip())
    assert not failed
    assert sum(result.inputs for result in results.values()) == count
    assert all(result.inputs for result in results.values())


def test_some_inputs(tell):
    _assert_no_fault(BOUNDED, tell)


@pytest.mark.full
@pytest.mark.timeout(7_200)
def test_a_million_inputs(tell):
    _assert_no_fault(WHOLE, tell)


@pytest.mark.parametrize("name", targets.names())
def test_an_input_is_made_again_from_its_number(name):
    target = targets.load(name)
    for number in range(20):
        first, second = (repr(target.make(generator(SEED, name, number))) for _time in range(2))
        assert first == second
    assert repr(target.make(generator(SEED, name, 0))) != repr(target.make(generator(SEED + 1, name, 0)))


class Panic(BaseException):
    """What no ``except Exception`` stops."""


class Broken:
    """A target that crashes on one input, panics on another and hangs on a third."""

    SHARE = 1

    @staticmethod
    def make(chance):
        return chance.choice(["crash", "panic", "hang", "pass"])

    @staticmethod
    def run(data):
        if data == "crash":
            raise KeyError(data)
        if data == "panic":
            raise Panic
        while data == "hang":
            pass


def test_crashes_and_hangs_are_found(monkeypatch):
    monkeypatch.setattr(runner, "INPUT_SECONDS", 0.05)
    monkeypatch.setattr(runner.targets, "load", lambda name: Broken)
    result = runner.run_batch(SEED, "broken", 0, 12)
    texts = " ".join(fault.text for fault in result.faults)
    assert result.inputs == 12
    assert "KeyError" in texts
    assert "Panic" in texts
    assert "Hang" in texts
