"""The queue's pure parts: their examples, and the bounds of the waits."""

import doctest

import pytest

from odoo.addons.healthcare_integration_base.queue import (
    RetryPolicy,
    arguments,
    retry,
    task_arguments,
    task_method,
)


@pytest.mark.parametrize(
    "module", [arguments, retry, task_method], ids=lambda module: module.__name__.rpartition(".")[2]
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


@pytest.mark.parametrize(
    "kwargs",
    [
        {"password": "x"},
        {"options": {"API_Key": 1}},
        {"rows": [{"access_token": "x"}]},
        {"note": "x" * 201},
        {"note": "ISA*00~\nGS*HP~"},
        {"x" * 201: 1},
        {"price": 1.5, "date": object()},
        {"price": float("nan")},
    ],
)
def test_arguments_hold_no_documents_and_no_secrets(kwargs):
    with pytest.raises((TypeError, ValueError)):
        task_arguments([1], (), kwargs)
    with pytest.raises((TypeError, ValueError)):
        task_arguments([1], (kwargs,), {})


def test_tasks_that_share_a_transaction_have_no_time_limit():
    assert task_method.TaskOptions("Post", batchable=True).time_limit is None
    assert task_method.TaskOptions("Post", time_limit=60).time_limit == 60
    with pytest.raises(ValueError, match="time limit"):
        task_method.TaskOptions("Post", batchable=True, time_limit=60)


def test_text_of_the_longest_length_is_an_argument():
    assert "x" * 200 in task_arguments([1], (), {"note": "x" * 200})


def test_ids_and_codes_are_arguments():
    text = task_arguments([1, 2], (None, True, "A1", [3]), {"credential_id": 7, "token_ids": [1]})
    assert text == (
        '{"ids": [1, 2], "args": [null, true, "A1", [3]], "kwargs": {"credential_id": 7, "token_ids": [1]}}'
    )
