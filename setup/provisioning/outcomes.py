"""The outcome of every test, whichever runner it came from, and the report at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .progress import say

SLOWEST = 10
#: A failure's text is cut in the middle beyond this; the log file has all of it.
LONGEST_TEXT = 6000


@dataclass(frozen=True)
class Outcome:
    """What became of one test.

    :param text: why it failed; empty when it passed
    """

    name: str
    text: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the test passed."""
        return not self.text


@dataclass
class Report:
    """All outcomes of a run of the tests."""

    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Take in outcomes, and show the failures among them at once."""
        for outcome in outcomes:
            self.outcomes.append(outcome)
            if not outcome.passed:
                say(f"\n----- FAILED {outcome.name}\n{shortened(outcome.text)}\n")

    def close(self) -> int:
        """Print the slowest tests, the names of those that failed and the count; return the exit code."""
        failed = [outcome for outcome in self.outcomes if not outcome.passed]
        slowest = sorted(self.outcomes, key=lambda outcome: -outcome.seconds)[:SLOWEST]
        say("\nSlowest tests:")
        for outcome in slowest:
            say(f"  {outcome.seconds:7.1f} s  {outcome.name}")
        if failed:
            say("\nFailed tests:")
        for outcome in failed:
            say(f"  {outcome.name}")
        say(f"\n{len(self.outcomes) - len(failed)} passed, {len(failed)} failed")
        return 1 if failed or not self.outcomes else 0


def shortened(text: str) -> str:
    """Return ``text`` without its middle when it is too long to read on a terminal."""
    if len(text) <= LONGEST_TEXT:
        return text
    half = LONGEST_TEXT // 2
    return f"{text[:half]}\n[... {len(text) - LONGEST_TEXT} characters left out ...]\n{text[-half:]}"
