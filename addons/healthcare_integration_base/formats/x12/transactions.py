"""Reads the transactions of a file one after the other, each as a stream of segments."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from ...errors import DocumentError
from .envelope import TransactionEnvelope
from .findings import FindingLog
from .reader import Block, Segment, Source, block_segments, read_blocks
from .tracker import ENVELOPE_IDENTIFIERS, EnvelopeTracker, TrackedTransaction


@dataclass(slots=True)
class Transaction:
    """One transaction of a file that is being read.

    :ivar envelope: what ST, GS and ISA say
    :ivar segments: its segments in turn, ST and SE included; to be read once, and only until the next
        transaction is asked for
    :ivar findings: what is wrong with its envelope; complete when ``segments`` is used up
    """

    envelope: TransactionEnvelope
    segments: Iterator[Segment]
    findings: FindingLog


class TransactionReader:
    """Iterates once over the transactions of a source, in constant memory.

    :ivar findings: what is wrong with the file around its transactions; complete at the end
    :raises DocumentError: on iteration, see :func:`.reader.read_blocks`
    """

    def __init__(self, source: Source, findings: FindingLog | None = None):
        self.findings = FindingLog() if findings is None else findings
        self._tracker = EnvelopeTracker(self.findings)
        self._runs = self._read_runs(read_blocks(source, self.findings))
        self._opening: list[Segment] | None = None

    def __iter__(self) -> Iterator[Transaction]:
        while opening := self._next_opening():
            tracked = self._tracker.transaction
            segments = chain.from_iterable(self._transaction_runs(opening, tracked))
            yield Transaction(tracked.envelope, segments, tracked.findings)
            deque(segments, maxlen=0)

    def _next_opening(self) -> list[Segment] | None:
        """Return the run that holds the next ST."""
        opening, self._opening = self._opening, None
        if opening:
            return opening
        return next((run for run in self._runs if run[0][0] == "ST"), None)

    def _transaction_runs(
        self, opening: list[Segment], tracked: TrackedTransaction
    ) -> Iterator[list[Segment]]:
        yield opening
        for run in self._runs:
            if self._tracker.transaction is tracked:
                yield run
            elif run[0][0] == "SE":
                yield run
                return
            else:
                self._opening = run if run[0][0] == "ST" else None
                return

    def _read_runs(self, blocks: Iterator[Block]) -> Iterator[list[Segment]]:
        """Yield the segments in runs, each either one envelope segment or others only, as tracked."""
        for block in blocks:
            segments = block_segments(block, self.findings)
            start = 0
            for index in _envelope_indexes(segments):
                if start < index:
                    yield self._track_others(segments[start:index])
                self._tracker.envelope(segments[index], block.delimiters)
                yield [segments[index]]
                start = index + 1
            if start < len(segments):
                yield self._track_others(segments[start:])
        self._tracker.finish()

    def _track_others(self, run: list[Segment]) -> list[Segment]:
        if self._tracker.transaction:
            self._tracker.inside(len(run))
        else:
            for segment in run:
                self._tracker.outside(segment)
        return run


class _SingleTransactionReader(TransactionReader):
    """Reads the bytes from ST to SE that were cut out of a file."""

    def __init__(self, source: Source, envelope: TransactionEnvelope):
        super().__init__(b"")
        self._tracker.resume(envelope)
        self._runs = self._read_runs(read_blocks(source, self.findings, envelope.delimiters))


def read_transaction(source: Source, envelope: TransactionEnvelope) -> Transaction:
    """Return the transaction of a source that holds its bytes from ST to SE and nothing else.

    :param envelope: as it was found in the whole file; its delimiters are used
    :raises DocumentError: ``x12.st_missing``
    """
    for transaction in _SingleTransactionReader(source, envelope):
        return transaction
    raise DocumentError(
        code="x12.st_missing",
        message="The stored transaction does not hold one",
        location=f"ST {envelope.control_number}",
        expected="the segments from ST to SE",
        found="no ST",
        remedy="Split the file it came from again",
    )


def _envelope_indexes(segments: list[Segment]) -> list[int]:
    return [index for index, segment in enumerate(segments) if segment[0] in ENVELOPE_IDENTIFIERS]
