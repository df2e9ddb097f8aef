"""Reads a remittance from its segments: header, claims one by one, summary. Constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from odoo.addons.healthcare_integration_base.errors import DocumentError, Finding
from odoo.addons.healthcare_integration_base.formats.x12 import (
    FindingLog,
    Segment,
    Source,
    TransactionEnvelope,
    TransactionReader,
    read_transaction,
)

from .balance import transaction_balance
from .claim_segments import open_claim
from .codes import IMPLEMENTATION, TRANSACTION_SET
from .documents import RemittanceHeader, RemittanceSummary
from .loops import read_between_claims, read_claim, read_header
from .repair import read_or_repair
from .state import Document, ReaderState


def read_remittance(
    segments: Iterable[Segment], envelope: TransactionEnvelope, findings: FindingLog | None = None
) -> Iterator[Document]:
    """Yield the :class:`RemittanceHeader`, each :class:`Claim` and the :class:`RemittanceSummary`.

    What is wrong with a claim is in its own findings, and again in those of the summary, which hold the
    first hundred of each code.

    :param segments: one transaction, ST included
    :param envelope: of that transaction; its component separator is used
    :param findings: the log that whoever provides the segments adds to while they are read
    :raises DocumentError: ``remittance.transaction_set`` when it is no 835
    """
    state = _initial_state(envelope, FindingLog() if findings is None else findings)
    remaining = iter(segments)
    _check_transaction_set(next(remaining, [""]), envelope)
    positions = count(2)
    numbered = zip(remaining, positions, strict=False)
    following = read_header(state, numbered)
    yield state.header
    while following is not None:
        segment, position = following
        if segment[0] == "CLP":
            claim = read_or_repair(state, open_claim, segment, position)
            following = read_claim(state, claim, numbered)
            yield claim
        else:
            read_between_claims(state, segment, position)
            following = next(numbered, None)
    yield _summary(state, segment_count=next(positions) - 1)


def read_remittance_transaction(source: Source, envelope: TransactionEnvelope) -> Iterator[Document]:
    """Yield the documents of one transaction that was cut out of its file, from ST to SE.

    :raises DocumentError: ``x12.st_missing``, ``remittance.transaction_set``
    """
    transaction = read_transaction(source, envelope)
    yield from read_remittance(transaction.segments, transaction.envelope, transaction.findings)


def read_remittance_file(source: Source, findings: FindingLog | None = None) -> Iterator[Document]:
    """Yield the documents of every transaction of a file, one transaction after the other.

    :param findings: takes what is wrong with the file around its transactions
    :raises DocumentError: when the file is no X12, or holds another transaction set than 835
    """
    transactions = TransactionReader(source, findings)
    for transaction in transactions:
        yield from read_remittance(transaction.segments, transaction.envelope, transaction.findings)


def _initial_state(envelope: TransactionEnvelope, findings: FindingLog) -> ReaderState:
    interchange = envelope.interchange
    header = RemittanceHeader(
        control_number=envelope.control_number,
        usage=interchange.usage,
        version=envelope.version,
        interchange_control_number=interchange.control_number,
        sender=interchange.sender,
        receiver=interchange.receiver,
    )
    if envelope.version and not envelope.version.startswith(IMPLEMENTATION[:10]):
        findings.add(_other_version(envelope))
    return ReaderState(envelope, findings, header, envelope.delimiters.component)


def _summary(state: ReaderState, segment_count: int) -> RemittanceSummary:
    summary = RemittanceSummary(
        control_number=state.header.control_number,
        provider_adjustments=state.provider_adjustments,
        claim_count=state.claim_count,
        charge_total=state.charge_total,
        paid_total=state.paid_total,
        provider_adjustment_total=state.provider_adjustment_total,
        segment_count=segment_count,
    )
    state.findings.extend(transaction_balance(state.header, summary))
    summary.findings = state.findings.report()
    return summary


def _check_transaction_set(segment: Segment, envelope: TransactionEnvelope) -> None:
    if segment[:2] == ["ST", TRANSACTION_SET]:
        return
    found = segment[1] if segment[0] == "ST" and len(segment) > 1 else segment[0]
    raise DocumentError(
        code="remittance.transaction_set",
        message="The transaction is not a remittance",
        location=f"ST {envelope.control_number}, ST01",
        expected=TRANSACTION_SET,
        found=found[:3] or "nothing",
        remedy="Route this transaction set to the flow that handles it",
        subject=found[:3],
    )


def _other_version(envelope: TransactionEnvelope) -> Finding:
    return Finding(
        code="remittance.version",
        message="The remittance follows another implementation guide than the one that is supported",
        location=f"ST {envelope.control_number}, ST03 or GS08",
        expected=IMPLEMENTATION,
        found=envelope.version[:12],
        remedy="None needed if it balances; ask the payer for the current version",
        severity="warning",
    )
