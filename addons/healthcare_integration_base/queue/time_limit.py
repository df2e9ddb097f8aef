"""Ends work in Python that takes too long."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TimeLimitReached(Exception):
    """Raised in the middle of whatever the thread does when its time is used up."""


@contextmanager
def interrupted_after(seconds: float | None) -> Iterator[None]:
    """Raise :class:`TimeLimitReached` in the block once it has taken so long; None is without limit.

    Only the main thread of a process can be interrupted, as in Odoo's worker processes; elsewhere the block
    must look at the clock itself. What waits in a C library is interrupted when that returns.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal, _frame):
        raise TimeLimitReached

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
