"""When a partner may be talked to: maintenance and batch windows in the partner's own time.

A window is given in the partner's local time and repeats every week. An instant is inside a window when the
partner's wall clock then shows a time inside it. This holds on the days on which clocks change as well: what
the clock skips is skipped, what it shows twice counts twice.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

MINUTES_PER_DAY = 24 * 60
MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
# In two weeks every window comes round, even if a change of the clock skips it in one of them.
DAYS_AHEAD = 15
MINUTE = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class Window:
    """A stretch of every week.

    :ivar kind: ``maintenance``: closed inside; ``batch``: where there is one, open only inside
    :ivar weekday: on which it begins, 0 is Monday
    :ivar start: minutes after midnight
    :ivar end: minutes after midnight, not included; not after ``start``: on the next day
    """

    kind: str
    weekday: int
    start: int
    end: int

    @property
    def length(self) -> int:
        """Minutes, at least one and at most a day."""
        return (self.end - self.start - 1) % MINUTES_PER_DAY + 1

    def contains(self, local: datetime.datetime) -> bool:
        """Tell whether a local time is inside."""
        minute = local.weekday() * MINUTES_PER_DAY + local.hour * 60 + local.minute
        begin = self.weekday * MINUTES_PER_DAY + self.start
        return (minute - begin) % MINUTES_PER_WEEK < self.length


def is_open(windows: Sequence[Window], zone: ZoneInfo, at: datetime.datetime) -> bool:
    """Tell whether the partner may be talked to at an instant.

    :param at: aware
    """
    local = at.astimezone(zone)
    inside = {window.kind for window in windows if window.contains(local)}
    has_batch = any(window.kind == "batch" for window in windows)
    return "maintenance" not in inside and (not has_batch or "batch" in inside)


def next_opening(
    windows: Sequence[Window], zone: ZoneInfo, at: datetime.datetime
) -> datetime.datetime | None:
    """Return the first instant from ``at`` on at which the partner may be talked to.

    :param at: aware; seconds are kept where it is open already
    :return: aware, UTC; None if the windows never leave a minute open
    """
    at = at.astimezone(datetime.timezone.utc)
    if is_open(windows, zone, at):
        return at
    candidates = sorted({moment for moment in _changes(windows, zone, at) if moment > at})
    return next((moment for moment in candidates if is_open(windows, zone, moment)), None)


def _changes(windows: Sequence[Window], zone: ZoneInfo, at: datetime.datetime) -> Iterator[datetime.datetime]:
    """Yield the instants around which a window may begin or end."""
    midnight = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for day in range(-1, DAYS_AHEAD):
        date = midnight + datetime.timedelta(days=day)
        for window in windows:
            if date.weekday() == window.weekday:
                begin = date + datetime.timedelta(minutes=window.start)
                yield from _instants(begin, zone)
                yield from _instants(begin + datetime.timedelta(minutes=window.length), zone)


def _instants(local: datetime.datetime, zone: ZoneInfo) -> Iterator[datetime.datetime]:
    """Yield when a wall clock shows a time, and the change of the clock that repeats or skips it."""
    first, second = (
        local.replace(tzinfo=zone, fold=fold).astimezone(datetime.timezone.utc) for fold in (0, 1)
    )
    yield first
    if first != second:
        yield second
        yield _change_between(min(first, second), max(first, second), zone)


def _change_between(before: datetime.datetime, after: datetime.datetime, zone: ZoneInfo) -> datetime.datetime:
    """Return the first minute with the new offset, between two instants with different offsets."""
    old = before.astimezone(zone).utcoffset()
    while after - before > MINUTE:
        middle = before + ((after - before) // 2 // MINUTE) * MINUTE
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
