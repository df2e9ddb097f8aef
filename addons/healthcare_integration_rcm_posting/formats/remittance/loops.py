"""The loops of a remittance: header, claim (2100), service line (2110), what stands between claims.

Each function reads the segments of one loop and returns the first one that belongs to another, with its
position, or None at the end of the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from odoo.addons.healthcare_integration_base.formats.x12 import Segment

from .balance import claim_balance
from .claim_segments import CLAIM_SEGMENTS
from .documents import Claim
from .header_segments import HEADER_SEGMENTS, header_findings
from .line_segments import read_service_lines
from .repair import Damage, read_or_repair, read_repaired
from .section_segments import SECTION_IDENTIFIERS, provider_adjustments
from .state import Numbered, ReaderState
from .unexpected import report_unexpected

_CLAIM_ENDS = SECTION_IDENTIFIERS | {"SVC"}


def read_header(state: ReaderState, segments: Iterator[Numbered]) -> Numbered | None:
    """Read everything that comes before the first claim."""
    following = next(segments, None)
    while following is not None and following[0][0] not in SECTION_IDENTIFIERS:
        segment, position = following
        read = HEADER_SEGMENTS.get(segment[0])
        if read is None:
            report_unexpected(state, segment, position, HEADER_SEGMENTS.keys() | SECTION_IDENTIFIERS)
        else:
            read_or_repair(state, read, segment, position)
        following = next(segments, None)
    state.findings.extend(header_findings(state))
    return following


def read_claim(state: ReaderState, claim: Claim, segments: Iterator[Numbered]) -> Numbered | None:
    """Read what follows CLP, and balance the claim."""
    following = _read_claim_segments(state, segments)
    if following is not None and following[0][0] == "SVC":
        following = read_service_lines(state, following, segments)
    for finding in claim_balance(claim, state.header.control_number):
        state.report(finding)
    state.close_claim()
    return following


def _read_claim_segments(state: ReaderState, segments: Iterator[Numbered]) -> Numbered | None:
    """Read the segments of the claim itself, which come before its service lines."""
    for segment, position in segments:
        read = CLAIM_SEGMENTS.get(segment[0])
        try:
            if read is not None:
                read(state, segment, position)
            elif segment[0] in _CLAIM_ENDS:
                return segment, position
            else:
                report_unexpected(state, segment, position, CLAIM_SEGMENTS.keys() | _CLAIM_ENDS)
        except Damage:
            read_repaired(state, read, segment, position)
    return None


def read_between_claims(state: ReaderState, segment: Segment, position: int) -> None:
    """Read a segment while no claim is open."""
    if segment[0] == "PLB":
        read_or_repair(state, provider_adjustments, segment, position)
    elif segment[0] not in SECTION_IDENTIFIERS:
        report_unexpected(state, segment, position, SECTION_IDENTIFIERS)
