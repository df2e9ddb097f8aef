"""When a request is repeated at once, within one exchange. Longer waits are the queue's."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

LONGEST_RETRY_AFTER = 86_400.0
# methods whose repetition does no more than the first (RFC 9110, 9.2.2)
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with jitter: between half and the whole of ``base * 2 ** (n - 1)`` seconds.

    :ivar attempts: tries in all, the first included
    :ivar base: seconds before the second
    :ivar cap: the longest wait in seconds; a server that asks for a longer one is left to the queue
    """

    attempts: int = 3
    base: float = 0.5
    cap: float = 20.0

    def delay(self, attempt: int, asked: float | None, draw: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after so many tries.

        :param asked: what the server asked for (``Retry-After``): never less than that is waited

        >>> Backoff(base=1, cap=20).delay(3, None, draw=lambda: 0.0)
        2.0
        >>> Backoff(base=1, cap=20).delay(1, 30.0, draw=lambda: 1.0)
        30.0
        """
        own = min(self.cap, self.base * 2 ** min(attempt - 1, 32)) * (0.5 + 0.5 * draw())
        return max(own, asked or 0.0)


def parse_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3), at most a day.

    None for no header and for one that is neither a number of seconds nor a date.

    >>> parse_retry_after("120")
    120.0
    >>> parse_retry_after("999999999")
    86400.0
    """
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    seconds = (moment - (now or datetime.now(timezone.utc))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
