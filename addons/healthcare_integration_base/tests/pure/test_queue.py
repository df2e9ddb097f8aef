"""The queue's pure parts: their examples, and the bounds of the waits."""

import doctest

import pytest

from odoo.addons.healthcare_integration_base.queue import RetryPolicy, retry, task_method


@pytest.mark.parametrize(
    "module", [retry, task_method], ids=lambda module: module.__name__.rpartition(".")[2]
)
def test_examples(module):
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize("attempts", [1, 2, 5, 30, 10_000])
@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
def test_waits_lie_between_half_and_the_whole_of_a_capped_power(attempts, draw):
    policy = RetryPolicy(base=10, cap=600)
    longest = min(600, 10 * 2 ** min(attempts - 1, 32))
    assert longest / 2 <= policy.delay(attempts, lambda: draw) <= longest
