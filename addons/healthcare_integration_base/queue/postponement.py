"""How a task says that its time has not come."""

from __future__ import annotations


class PostponedTask(Exception):
    """Raised by a task method that cannot work now, through no fault of anybody.

    The task waits and the attempt does not count; nothing of what it did stays.

    :ivar reason: one sentence for the task list; never contains private data
    :ivar seconds: how long to wait
    """

    def __init__(self, reason: str, seconds: float):
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds
