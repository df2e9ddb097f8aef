import threading
import time

import pytest

from odoo.addons.healthcare_integration_base.queue import (
    ClaimedTask,
    TimeLimitReached,
    current_run,
    current_task,
    interrupted_after,
    running,
)

TASK = ClaimedTask(7, "token", "res.partner", "_work", {"ids": [1], "args": [], "kwargs": {}}, 1, 1)


def test_the_running_task_is_known_in_its_block_and_thread_only():
    assert current_task() is None
    elsewhere = []
    with running(TASK):
        assert current_task() is TASK
        thread = threading.Thread(target=lambda: elsewhere.append(current_task()))
        thread.start()
        thread.join()
        with running(TASK, time_limit=5):
            assert current_run().time_limit == 5
        assert current_run().time_limit is None
    assert elsewhere == [None]
    assert current_task() is None


def test_a_run_is_overdue_after_its_limit():
    with running(TASK) as run:
        run.began_at -= 1e9
        assert not run.is_overdue(), "without limit it never is"
    with running(TASK, 60) as run:
        assert not run.is_overdue()
        run.began_at -= 61
        assert run.is_overdue()


def test_what_takes_too_long_is_interrupted():
    with pytest.raises(TimeLimitReached), interrupted_after(0.05):
        time.sleep(30)


@pytest.mark.parametrize("seconds", [None, 0.05])
def test_nothing_is_interrupted_after_the_block(seconds):
    with interrupted_after(seconds):
        pass
    time.sleep(0.1)


def test_other_threads_are_not_interrupted():
    outcome = []

    def work():
        with interrupted_after(0.01):
            time.sleep(0.1)
            outcome.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert outcome == ["done"]
