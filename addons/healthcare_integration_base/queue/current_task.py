"""Which task this thread runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

_current: ContextVar[TaskRun | None] = ContextVar("integration_task_run", default=None)


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """What a worker needs to know of a task that it has claimed.

    :ivar token: the claim that it is held by; settling is refused to any other
    :ivar attempts: how often it was begun, this time included
    :ivar arguments: ``{"ids": [...], "args": [...], "kwargs": {...}}``
    """

    id: int
    token: str
    model_name: str
    method_name: str
    arguments: dict[str, Any]
    user_id: int
    company_id: int
    attempts: int = 1


@dataclass(slots=True)
class TaskRun:
    """One run of a claimed task.

    :ivar time_limit: seconds that it may take; None is without limit
    :ivar reported_at: when it last showed its progress, by the monotonic clock
    """

    task: ClaimedTask
    time_limit: float | None = None
    began_at: float = field(default_factory=time.monotonic)
    reported_at: float = float("-inf")

    def is_overdue(self) -> bool:
        """Tell whether the run has taken longer than it may."""
        return self.time_limit is not None and time.monotonic() - self.began_at > self.time_limit


def current_run() -> TaskRun | None:
    """Return the run that this thread is in, or None outside the queue."""
    return _current.get()


def current_task() -> ClaimedTask | None:
    """Return the task that this thread runs, or None outside the queue."""
    run = _current.get()
    return run.task if run else None


@contextmanager
def running(task: ClaimedTask, time_limit: float | None = None) -> Iterator[TaskRun]:
    """Let :func:`current_task` name the task for the length of the block."""
    run = TaskRun(task, time_limit)
    reset = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(reset)
