"""Finds every transaction of a file, so that the file can be split into them.

One pass in constant memory: only envelope segments are decoded and taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import Finding
from .delimiters import Delimiters
from .envelope import TransactionEnvelope
from .findings import FindingLog
from .reader import Block, Segment, Source, decode_segment, raw_segments, read_blocks
from .tracker import ENVELOPE_IDENTIFIERS, EnvelopeTracker, TrackedTransaction

_IDENTIFIERS = frozenset(identifier.encode("ascii") for identifier in ENVELOPE_IDENTIFIERS)
# two bytes are enough to pass over nearly all other segments
_PREFIXES = frozenset(identifier[:2] for identifier in _IDENTIFIERS)


@dataclass(slots=True)
class TransactionEntry:
    """One transaction and where it is.

    :ivar ordinal: 1 for the first transaction of the file
    :ivar start: position of the first byte of ST in the file
    :ivar end: position behind the terminator of SE; without SE, where the next segment or nothing starts
    :ivar first_position: ordinal of ST in its interchange, counting ISA as 1
    :ivar last_position: ordinal of SE, or of the last segment without SE
    :ivar findings: what is wrong with this transaction's envelope
    """

    ordinal: int
    envelope: TransactionEnvelope
    start: int
    end: int
    segment_count: int
    findings: list[Finding]

    @property
    def first_position(self) -> int:
        return self.envelope.position

    @property
    def last_position(self) -> int:
        return self.envelope.position + self.segment_count - 1


class TransactionIndex:
    """Iterates once over the :class:`TransactionEntry` of a source.

    :ivar findings: what is wrong with the file around its transactions; complete at the end
    :raises DocumentError: on iteration, see :func:`.reader.read_blocks`
    """

    def __init__(self, source: Source):
        self.findings = FindingLog()
        self._source = source
        self._tracker = EnvelopeTracker(self.findings)
        self._ordinal = 0
        self._start = 0
        self._end = 0

    def __iter__(self) -> Iterator[TransactionEntry]:
        tracker = self._tracker
        for block in read_blocks(self._source, self.findings):
            for raw, start, end in raw_segments(block, self.findings):
                if raw[:2] in _PREFIXES and _identifier(raw, block) in _IDENTIFIERS:
                    segment = self._elements(raw, start, block.delimiters)
                    yield from self._envelope(segment, block.delimiters, start, end)
                elif tracker.transaction:
                    tracker.inside(1)
                    self._end = end
                else:
                    tracker.outside(self._elements(raw, start, block.delimiters))
        last = tracker.transaction
        tracker.finish()
        if last:
            yield self._entry(last)

    def _envelope(
        self, segment: Segment, delimiters: Delimiters, start: int, end: int
    ) -> Iterator[TransactionEntry]:
        before = self._tracker.transaction
        self._tracker.envelope(segment, delimiters)
        if segment[0] == "SE":
            self._end = end
        if before:
            yield self._entry(before)
        if self._tracker.transaction:
            self._start, self._end = start, end

    def _entry(self, tracked: TrackedTransaction) -> TransactionEntry:
        self._ordinal += 1
        return TransactionEntry(
            ordinal=self._ordinal,
            envelope=tracked.envelope,
            start=self._start,
            end=self._end,
            segment_count=tracked.segment_count,
            findings=tracked.findings.report(),
        )

    def _elements(self, raw: bytes, start: int, delimiters: Delimiters) -> Segment:
        return decode_segment(raw, start, self.findings).split(delimiters.element)


def _identifier(raw: bytes, block: Block) -> bytes:
    return raw.partition(block.delimiters.element.encode("ascii"))[0]
