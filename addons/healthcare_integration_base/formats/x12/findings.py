"""A bounded collection of findings: a file with a million faults must not need memory for a million."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...errors import Finding

DEFAULT_LIMIT = 100


class FindingLog:
    """Findings in the order they were met, the first ``limit`` of each code.

    Every code that occurred is present at least once, so that a flood of one kind never hides another.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT):
        self._limit = limit
        self._kept: list[Finding] = []
        self._counts: Counter[str] = Counter()

    def add(self, finding: Finding) -> None:
        self._counts[finding.code] += 1
        if self._counts[finding.code] <= self._limit:
            self._kept.append(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.add(finding)

    def count(self, code: str) -> int:
        """Return how often a code was met, the findings that were not kept included."""
        return self._counts[code]

    def __len__(self) -> int:
        return self._counts.total()

    def report(self) -> list[Finding]:
        """Return what was kept, and one ``findings.omitted`` for each code that went over the limit."""
        return self._kept + [
            Finding(
                code="findings.omitted",
                message=f"{count - self._limit} more findings {code} are not listed",
                expected=f"at most {self._limit} of a kind",
                found=str(count),
                remedy="Solve the listed ones first: they usually share one cause",
                severity="warning",
            )
            for code, count in self._counts.items()
            if count > self._limit
        ]
