"""Tell the person at the terminal which step runs, for how long, and how far a download is."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

#: Seconds between two signs of life where lines cannot be rewritten, as in the log of a CI run.
QUIET_INTERVAL = 30.0
LIVE_INTERVAL = 0.5
DONE = "done"


class _Report:
    """Where progress goes; shared by all steps of the process."""

    stream: TextIO | None = None
    patience: float = 0.0


def report_to(stream: TextIO, patience: float) -> None:
    """Send progress to another stream, and only that of steps longer than ``patience`` seconds."""
    _Report.stream = stream
    _Report.patience = patience


class Step:
    """One running step; :meth:`detail` replaces the text behind its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._started = time.monotonic()
        self._detail = ""
        self._ended = threading.Event()
        self._live = _stream().isatty()

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._started

    def detail(self, text: str) -> None:
        """Show ``text`` beside the step's name at the next refresh."""
        self._detail = text

    def transferred(self, done: int, total: int) -> None:
        """Show a download of ``done`` out of ``total`` bytes; a total of 0 is unknown."""
        share = f" of {total / 1e6:.1f} MB ({100 * done // total} %)" if total else " MB"
        self.detail(f"{done / 1e6:.1f}{share}")

    def run_ticker(self) -> None:
        """Refresh until the step ends; runs in a thread of its own."""
        interval = LIVE_INTERVAL if self._live else QUIET_INTERVAL
        while not self._ended.wait(interval):
            self._show()

    def end(self, outcome: str) -> None:
        """Stop refreshing and print the step's last line."""
        self._ended.set()
        if self.elapsed < _Report.patience and outcome == DONE:
            return
        rewind = "\r\033[K" if self._live else ""
        say(f"{rewind}  {self.name}: {outcome} ({self.elapsed:.1f} s)")

    def _show(self) -> None:
        if self.elapsed < _Report.patience:
            return
        line = f"  {self.name} ... {self.elapsed:.0f} s  {self._detail}".rstrip()
        if self._live:
            _stream().write(f"\r\033[K{line[:110]}")
            _stream().flush()
        else:
            say(line)


def say(line: str = "") -> None:
    """Print one line at once."""
    print(line, file=_stream(), flush=True)


def _stream() -> TextIO:
    return _Report.stream or sys.stdout


@contextlib.contextmanager
def step(name: str) -> Iterator[Step]:
    """Announce a step, show that it lives, and print how long it took or that it failed."""
    current = Step(name)
    if not _stream().isatty() and not _Report.patience:
        say(f"  {name} ...")
    ticker = threading.Thread(target=current.run_ticker, daemon=True)
    ticker.start()
    try:
        yield current
    except BaseException:
        current.end("FAILED")
        raise
    current.end(DONE)
