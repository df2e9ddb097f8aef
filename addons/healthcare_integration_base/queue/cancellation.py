"""How a task learns that it is to end before it is done."""

from __future__ import annotations


class TaskCancelled(Exception):
    """Raised in a running task that somebody gave up; nothing of what it did stays.

    :ivar user_id: id of the user who asked for it
    """

    def __init__(self, user_id: int | None = None):
        super().__init__("The task was cancelled while it ran")
        self.user_id = user_id
