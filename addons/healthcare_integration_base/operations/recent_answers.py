"""Answers that are given again for a moment, so that asking often costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any


class RecentAnswers:
    """Answers by question, each for some seconds, in this process.

    :param seconds: for how long an answer is given again
    :param clock: returns seconds that never go back
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic):
        self._seconds = seconds
        self._clock = clock
        self._answers: dict[Hashable, tuple[float, Any]] = {}

    def get(self, question: Hashable) -> Any:
        """Return the recent answer, None without one."""
        given_at, answer = self._answers.get(question, (0.0, None))
        return answer if self._clock() - given_at < self._seconds else None

    def put(self, question: Hashable, answer: Any) -> None:
        """Keep an answer from now on."""
        self._answers[question] = (self._clock(), answer)

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()
