"""The outcome of every test, whichever runner it came from, and the report at the end."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .progress import say

SLOWEST = 10
#: A failure's text is cut in the middle beyond this; the log file has all of it.
LONGEST_TEXT = 6000
#: How the reason of a skip in order begins: the test needs what the set-up does not provide.
OPTIONAL = "optional:"


@dataclass(frozen=True)
class Outcome:
    """What became of one test.

    :param text: why it failed; empty when it passed
    :param left_out: why it was not run, where that is in order
    :param figures: what it measured or counted, a text each, for people to read
    """

    name: str
    text: str = ""
    seconds: float = 0.0
    left_out: str = ""
    figures: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, name: str, text: str, skipped: str | None, seconds: float, figures: Iterable[str] = ()
    ) -> Outcome:
        """Return the outcome of a test that may have been skipped, for the reason ``skipped``."""
        if skipped is None or text:
            return cls(name, text, seconds, figures=tuple(figures))
        if skipped.startswith(OPTIONAL):
            return cls(name, left_out=skipped.removeprefix(OPTIONAL).strip())
        return cls(name, f"skipped, which is a failure unless the reason begins with {OPTIONAL!r}: {skipped}")

    @property
    def passed(self) -> bool:
        """Whether the test was run and passed."""
        return not self.text and not self.left_out

    @property
    def failed(self) -> bool:
        """Whether the test failed, or was skipped without a reason that is in order."""
        return bool(self.text)


@dataclass
class Report:
    """All outcomes of a run of the tests."""

    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Take in outcomes, and show the failures among them at once."""
        for outcome in outcomes:
            self.outcomes.append(outcome)
            if outcome.failed:
                say(f"\n----- FAILED {outcome.name}\n{shortened(outcome.text)}\n")

    def close(self) -> int:
        """Print the slowest tests, the figures, which tests failed and the count; return the exit code."""
        passed = [outcome for outcome in self.outcomes if outcome.passed]
        failed = [outcome for outcome in self.outcomes if outcome.failed]
        say("\nSlowest tests:")
        for outcome in sorted(self.outcomes, key=lambda outcome: -outcome.seconds)[:SLOWEST]:
            say(f"  {outcome.seconds:7.1f} s  {outcome.name}")
        for reason, count in Counter(
            outcome.left_out for outcome in self.outcomes if outcome.left_out
        ).items():
            say(f"\nNot run, {count} tests: {reason}")
        self._say_figures()
        if failed:
            say("\nFailed tests:")
        for outcome in failed:
            say(f"  {outcome.name}")
        say(f"\n{len(passed)} passed, {len(failed)} failed")
        return 1 if failed or not passed else 0

    def _say_figures(self) -> None:
        figures = [figure for outcome in self.outcomes for figure in outcome.figures]
        if figures:
            say("\nFigures:")
        for figure in figures:
            say(textwrap.indent(figure, "  "))


def shortened(text: str) -> str:
    """Return ``text`` without its middle when it is too long to read on a terminal."""
    if len(text) <= LONGEST_TEXT:
        return text
    half = LONGEST_TEXT // 2
    return f"{text[:half]}\n[... {len(text) - LONGEST_TEXT} characters left out ...]\n{text[-half:]}"
