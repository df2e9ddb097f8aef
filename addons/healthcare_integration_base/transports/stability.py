"""Has a file stopped growing? Decided over two polls, by our own clock.

A partner's server may show a file while it is still being written. A file counts as complete when
its size and modification time have not changed for a number of seconds between two looks at it.
The looks may be hours apart and in different processes: the caller stores what :func:`observe`
returns (it survives JSON) and hands it back on the next poll. Only the caller's clock is compared
with itself, so that a partner's wrong clock or time zone does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from .base import RemoteFile


class Observation(NamedTuple):
    """How a file looked, and since when it has looked so.

    :ivar size: bytes
    :ivar modified: modification time in seconds since 1970 as the partner says, or None
    :ivar since: seconds since 1970, our clock, of the first poll that saw this size and time
    """

    size: int
    modified: float | None
    since: float


Observations = Mapping[str, Sequence[float | None]]


def observe(files: Iterable[RemoteFile], previous: Observations, now: datetime) -> dict[str, Observation]:
    """Return what to remember until the next poll: one observation per listed name.

    :param previous: the stored result of the last poll; JSON lists instead of tuples are fine
    :param now: aware datetime of this poll
    """
    return {file.name: _observation(file, previous.get(file.name), now) for file in files}


def settled(
    files: Iterable[RemoteFile], previous: Observations, quiet_seconds: float, now: datetime
) -> list[RemoteFile]:
    """Return the files that have looked the same for at least ``quiet_seconds``, in the given order.

    With ``quiet_seconds`` of zero every file counts as settled at first sight: for partners who
    rename into place or who set done markers.
    """
    if quiet_seconds <= 0:
        return list(files)
    return [file for file in files if _quiet_for(file, previous.get(file.name), now) >= quiet_seconds]


def _observation(file: RemoteFile, before: Sequence[float | None] | None, now: datetime) -> Observation:
    modified = _seconds(file)
    if before is not None and (before[0], before[1]) == (file.size, modified):
        return Observation(file.size, modified, min(float(before[2]), now.timestamp()))
    return Observation(file.size, modified, now.timestamp())


def _quiet_for(file: RemoteFile, before: Sequence[float | None] | None, now: datetime) -> float:
    return now.timestamp() - _observation(file, before, now).since


def _seconds(file: RemoteFile) -> float | None:
    return None if file.modified is None else file.modified.timestamp()
