"""The records of a document that were refused: what is kept of them is bounded. Pure Python."""

from collections import defaultdict

from .errors import Finding, IntegrationError

MOST_REFUSED = 10_000
MOST_CAUSES = 20
MOST_FINDINGS = 100


class RefusedRecords:
    """Collects refused records by their cause: the code and subject of their error.

    Records of one cause wait together; beyond some causes the rest wait as one.
    """

    def __init__(self):
        self.count = 0
        self._numbers: dict = defaultdict(list)
        self._first: IntegrationError | None = None
        self._findings: list[Finding] = []

    def add(self, mapped) -> None:
        """Note a :class:`MappedRecord` that has an error.

        :raise IntegrationError: that sums up what was found, when more records are refused than can wait
        """
        self.count += 1
        error = mapped.error
        self._first = self._first or error
        if len(self._findings) < MOST_FINDINGS:
            self._findings += error.findings or [error.as_finding()]
        cause = (error.code, error.subject)
        if cause not in self._numbers and len(self._numbers) >= MOST_CAUSES:
            cause = None
        self._numbers[cause].append(mapped.number)
        if self.count > MOST_REFUSED:
            raise self.summed_up()

    def groups(self) -> list[list[int]]:
        """Return the numbers of the records, one list for each cause."""
        return list(self._numbers.values())

    def summed_up(self) -> IntegrationError:
        """Return the first error, with the findings of all up to a number."""
        error = self._first
        if self.count == 1:
            return error
        error.findings = tuple(self._findings[:MOST_FINDINGS])
        if self.count > MOST_FINDINGS:
            error.findings += (
                Finding(
                    code="findings.omitted",
                    message="Not all errors of the document are listed.",
                    found=f"{self.count} records",
                    remedy="Solve the listed ones first: they usually share one cause.",
                    severity="warning",
                ),
            )
        return error
