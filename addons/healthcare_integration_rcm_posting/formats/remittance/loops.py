"""The loops of a remittance: which segments each may hold, and what opens and closes it.

Loops are tables from segment identifier to the function that takes the segment in, so that the same
identifier means what its loop says (REF of a party, of a claim, of a service line).
"""

from __future__ import annotations

from odoo.addons.healthcare_integration_base.errors import Finding
from odoo.addons.healthcare_integration_base.formats.x12 import Segment, parse_decimal

from . import claim_segments, header_segments
from .balance import claim_balance
from .codes import CLAIM_STATUSES
from .documents import Claim, ProviderAdjustment
from .state import Document, Handler, ReaderState, parse_optional_date


def close_loops(state: ReaderState) -> tuple[Document, ...]:
    """Close the header and the claim if they are open, and return them."""
    if state.claim is not None:
        return (_close_claim(state, state.claim),)
    if state.header_given:
        return ()
    state.header_given = True
    state.findings.extend(header_segments.header_findings(state))
    return (state.header,)


def _close_claim(state: ReaderState, claim: Claim) -> Claim:
    for finding in claim_balance(claim, state.envelope.control_number):
        state.report(finding)
    state.claim_count += 1
    state.charge_total += claim.charge
    state.paid_total += claim.paid
    state.claim = state.line = None
    return claim


def _open_section(state: ReaderState, segment: Segment, position: int) -> tuple[Document, ...]:
    """LX: a section of claims."""
    state.handlers = SECTION
    return close_loops(state)


def _open_claim(state: ReaderState, segment: Segment, position: int) -> tuple[Document, ...]:
    """CLP: loop 2100."""
    claim = claim_segments.claim(state, segment, position)
    documents = close_loops(state)
    state.claim = claim
    state.adjustments = claim.adjustments
    state.amounts = claim.amounts
    state.references = claim.references
    state.handlers = CLAIM
    if claim.status not in CLAIM_STATUSES or not claim.claim_id:
        for finding in claim_segments.claim_findings(state, segment, position):
            state.report(finding)
    return documents


def _open_service_line(state: ReaderState, segment: Segment, position: int) -> None:
    """SVC: loop 2110."""
    line = claim_segments.service_line(state, segment, position)
    state.claim.service_lines.append(line)
    state.line = line
    state.adjustments = line.adjustments
    state.amounts = line.amounts
    state.references = line.references
    state.handlers = SERVICE_LINE


def _provider_adjustments(state: ReaderState, segment: Segment, position: int) -> tuple[Document, ...]:
    """PLB: up to six adjustments that belong to no claim; more are read as well."""
    provider, period = segment[1], parse_optional_date(segment[2])
    adjustments = []
    for index in range(3, max(len(segment), 4), 2):
        reason, amount = segment[index], segment[index + 1]
        if reason or amount:
            code, _, reference = reason.partition(state.component)
            ordinal = (index - 1) // 2
            adjustments.append(
                ProviderAdjustment(
                    position, provider, period, code, reference, parse_decimal(amount), ordinal
                )
            )
    documents = close_loops(state)
    state.handlers = SECTION
    state.provider_adjustments.extend(adjustments)
    for adjustment in adjustments:
        state.provider_adjustment_total += adjustment.amount
    return documents


def _close_transaction(state: ReaderState, segment: Segment, position: int) -> tuple[Document, ...]:
    """SE: the end; its count and number are checked where the envelope is read."""
    state.handlers = END
    return close_loops(state)


def _pass_over(state: ReaderState, segment: Segment, position: int) -> None:
    """A segment that may stand here and holds nothing that is kept."""


_BOUNDARIES: dict[str, Handler] = {
    "LX": _open_section,
    "CLP": _open_claim,
    "PLB": _provider_adjustments,
    "SE": _close_transaction,
}
HEADER = dict(
    _BOUNDARIES,
    BPR=header_segments.payment,
    NTE=_pass_over,
    TRN=header_segments.trace,
    CUR=header_segments.currency,
    REF=header_segments.reference,
    DTM=header_segments.production_date,
    N1=header_segments.party,
    N2=_pass_over,
    N3=header_segments.street,
    N4=header_segments.town,
    PER=header_segments.contact,
    RDM=_pass_over,
)
SECTION = dict(_BOUNDARIES, TS2=_pass_over, TS3=_pass_over)
CLAIM = dict(
    _BOUNDARIES,
    SVC=_open_service_line,
    CAS=claim_segments.adjustments,
    NM1=claim_segments.person,
    MIA=claim_segments.inpatient,
    MOA=claim_segments.outpatient,
    REF=claim_segments.reference,
    DTM=claim_segments.claim_date,
    PER=_pass_over,
    AMT=claim_segments.amount,
    QTY=_pass_over,
)
SERVICE_LINE = dict(
    _BOUNDARIES,
    SVC=_open_service_line,
    CAS=claim_segments.adjustments,
    REF=claim_segments.reference,
    DTM=claim_segments.line_date,
    AMT=claim_segments.amount,
    QTY=_pass_over,
    LQ=claim_segments.line_remark,
)
END: dict[str, Handler] = {}
_KNOWN = HEADER.keys() | SECTION.keys() | CLAIM.keys() | SERVICE_LINE.keys()


def unexpected(state: ReaderState, segment: Segment, position: int) -> None:
    """A segment that the open loop does not hold: read it where its meaning is certain, and say so."""
    identifier = segment[0]
    if state.line is not None and identifier in CLAIM:
        # claim segments cannot mean anything but the open claim, also behind its service lines
        CLAIM[identifier](state, segment, position)
        state.report(_misplaced(state, segment, position, "it was read for the claim", "warning"))
    elif identifier in _KNOWN:
        state.report(_misplaced(state, segment, position, "it was not read", "error"))
    else:
        state.report(_unknown(state, segment, position))


def _misplaced(state: ReaderState, segment: Segment, position: int, outcome: str, severity: str) -> Finding:
    return Finding(
        code="remittance.segment_misplaced",
        message=f"A segment stands where it has no meaning; {outcome}",
        location=state.location(segment, position),
        expected="one of " + (", ".join(state.handlers) or "nothing behind SE"),
        found=segment[0][:3],
        remedy="Ask the payer for a remittance that follows the guide",
        severity=severity,
    )


def _unknown(state: ReaderState, segment: Segment, position: int) -> Finding:
    return Finding(
        code="remittance.segment_unknown",
        message="A segment is not part of a remittance and was not read",
        location=state.location(segment, position),
        expected="one of " + (", ".join(state.handlers) or "nothing behind SE"),
        found=segment[0][:3],
        remedy="None needed if the amounts balance; tell the payer",
        severity="warning",
    )
