"""Locks between processes; the kernel releases them when a process ends, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from . import paths
from .progress import say


@contextlib.contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Wait until nobody else holds the lock, then hold it alone."""
    with _opened(file) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def held_alone(file: Path) -> Iterator[bool]:
    """Hold the lock if nobody else does, without waiting; the value tells whether this process holds it."""
    with _opened(file) as descriptor:
        yield _try_exclusive(descriptor)


@contextlib.contextmanager
def setting_up() -> Iterator[None]:
    """Let one command at a time build what the commands of this checkout share."""
    file = paths.LOCAL / "locks" / "setting-up"
    if is_held(file):
        say("  Waiting for another command of this checkout that is setting up")
    with exclusive(file):
        yield


def is_held(file: Path) -> bool:
    """Tell whether another process holds the lock."""
    with held_alone(file) as alone:
        return not alone


class Usage:
    """A count of the processes that use something, kept by the kernel as shared locks on a file.

    A process that is killed no longer counts, so there is no stale count to clean up.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._descriptor: int | None = None

    def join(self) -> None:
        """Count this process in; waits while somebody holds :meth:`last`."""
        self._descriptor = _open(self.file)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Count this process out and tell whether it was the only one."""
        if self._descriptor is None:
            return False
        alone = _try_exclusive(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = None
        return alone

    @contextlib.contextmanager
    def last(self) -> Iterator[None]:
        """Wait until no process is counted in, and let none in within the block."""
        with exclusive(self.file):
            yield


def _try_exclusive(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[int]:
    descriptor = _open(file)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
