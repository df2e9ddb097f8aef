"""Which task this thread runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

_current: ContextVar[ClaimedTask | None] = ContextVar("integration_task", default=None)


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """What a worker needs to know of a task that it has claimed.

    :ivar token: the claim that it is held by; settling is refused to any other
    :ivar arguments: ``{"ids": [...], "args": [...], "kwargs": {...}}``
    """

    id: int
    token: str
    model_name: str
    method_name: str
    arguments: dict[str, Any]
    user_id: int
    company_id: int


def current_task() -> ClaimedTask | None:
    """Return the task that this thread runs, or None outside the queue."""
    return _current.get()


@contextmanager
def running(task: ClaimedTask) -> Iterator[None]:
    """Let :func:`current_task` name the task for the length of the block."""
    reset = _current.set(task)
    try:
        yield
    finally:
        _current.reset(reset)
