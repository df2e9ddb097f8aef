"""When a failed attempt is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter.

    The n-th retry waits between half and the whole of ``base * 2 ** (n - 1)`` seconds, capped: the
    jitter keeps the tasks that failed together from returning together.

    >>> RetryPolicy(base=30, cap=3600).delay(attempts=1, draw=lambda: 1.0)
    30.0
    >>> RetryPolicy(base=30, cap=3600).delay(attempts=4, draw=lambda: 0.0)
    120.0
    >>> RetryPolicy(base=30, cap=3600).delay(attempts=50, draw=lambda: 1.0)
    3600.0

    :ivar base: seconds before the first retry
    :ivar cap: the longest wait, in seconds
    """

    base: float = 30.0
    cap: float = 3600.0

    def delay(self, attempts: int, draw=random.random) -> float:
        """Return the seconds to wait after so many attempts.

        :param attempts: attempts made so far, at least 1
        :param draw: returns a number in [0, 1)
        """
        longest = min(self.cap, self.base * 2 ** min(attempts - 1, 32))
        return longest * (0.5 + 0.5 * draw())
