"""Reads the transactions of a file one after the other, each as a stream of segments."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from ...errors import DocumentError
from .delimiters import Delimiters
from .envelope import TransactionEnvelope
from .findings import FindingLog
from .reader import Block, Segment, Source, block_text, read_blocks, segment_texts, split_elements
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


class _Run(NamedTuple):
    """One envelope segment, or a run of others, whose identifier is then empty."""

    identifier: str
    segments: Iterable[Segment]


class TransactionReader:
    """Iterates once over the transactions of a source, in constant memory.

    :ivar findings: what is wrong with the file around its transactions; complete at the end
    :raises DocumentError: on iteration, see :func:`.reader.read_blocks`
    """

    def __init__(self, source: Source, findings: FindingLog | None = None):
        self.findings = FindingLog() if findings is None else findings
        self._tracker = EnvelopeTracker(self.findings)
        self._runs = self._read_runs(read_blocks(source, self.findings))
        self._opening: _Run | None = None

    def __iter__(self) -> Iterator[Transaction]:
        while opening := self._next_opening():
            tracked = self._tracker.transaction
            segments = chain.from_iterable(self._transaction_runs(opening, tracked))
            yield Transaction(tracked.envelope, segments, tracked.findings)
            deque(segments, maxlen=0)

    def _next_opening(self) -> _Run | None:
        """Return the run that holds the next ST."""
        opening, self._opening = self._opening, None
        if opening:
            return opening
        return next((run for run in self._runs if run.identifier == "ST"), None)

    def _transaction_runs(self, opening: _Run, tracked: TrackedTransaction) -> Iterator[Iterable[Segment]]:
        yield opening.segments
        for run in self._runs:
            if self._tracker.transaction is tracked:
                yield run.segments
            elif run.identifier == "SE":
                yield run.segments
                return
            else:
                self._opening = run if run.identifier == "ST" else None
                return

    def _read_runs(self, blocks: Iterator[Block]) -> Iterator[_Run]:
        """Yield the segments of all blocks in runs, each tracked when it is yielded."""
        for block in blocks:
            delimiters = block.delimiters
            text = block_text(block, self.findings)
            if _is_plain(text, delimiters):
                texts = text.split(delimiters.segment)
                texts.pop()
                yield self._body_run(texts, delimiters)
            else:
                yield from self._mixed_runs(segment_texts(text, delimiters), delimiters)
        self._tracker.finish()

    def _mixed_runs(self, texts: list[str], delimiters: Delimiters) -> Iterator[_Run]:
        start = 0
        for index, text in enumerate(texts):
            if text.partition(delimiters.element)[0] in ENVELOPE_IDENTIFIERS:
                if start < index:
                    yield self._body_run(texts[start:index], delimiters)
                segment = text.split(delimiters.element)
                self._tracker.envelope(segment, delimiters)
                yield _Run(segment[0], [segment])
                start = index + 1
        if start < len(texts):
            yield self._body_run(texts[start:], delimiters)

    def _body_run(self, texts: list[str], delimiters: Delimiters) -> _Run:
        if self._tracker.transaction:
            self._tracker.inside(len(texts))
        else:
            for segment in split_elements(texts, delimiters):
                self._tracker.outside(segment)
        return _Run("", split_elements(texts, delimiters))


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


def _is_plain(text: str, delimiters: Delimiters) -> bool:
    """Tell whether a block can be split as it is: nothing blank, indented, unterminated or of an envelope.

    One search answers this for nearly all blocks of a large file.
    """
    terminator = delimiters.segment
    return text.endswith(terminator) and not _noteworthy(delimiters).search(terminator + text)


@lru_cache(maxsize=16)
def _noteworthy(delimiters: Delimiters) -> re.Pattern[str]:
    """Return what finds segments, each behind a terminator, that must be looked at one by one."""
    terminator, separator = re.escape(delimiters.segment), re.escape(delimiters.element)
    end = rf"[{separator}{terminator}]"
    return re.compile(rf"{terminator}(?:[ \t{terminator}]|S[TE]{end}|G[SE]{end}|I[SE]A{end})")
