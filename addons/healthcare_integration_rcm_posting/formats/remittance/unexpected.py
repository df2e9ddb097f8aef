"""Segments that stand where a remittance has no place for them."""

from __future__ import annotations

from collections.abc import Iterable

from odoo.addons.healthcare_integration_base.errors import Finding
from odoo.addons.healthcare_integration_base.formats.x12 import Segment

from .state import ReaderState

#: All segments of the guide between ST and SE.
_KNOWN = frozenset(
    {"BPR", "NTE", "TRN", "CUR", "REF", "DTM", "N1", "N2", "N3", "N4", "PER", "RDM"}
    | {"LX", "TS2", "TS3", "CLP", "CAS", "NM1", "MIA", "MOA", "AMT", "QTY", "SVC", "LQ"}
    | {"PLB", "SE"}
)


def report_unexpected(state: ReaderState, segment: Segment, position: int, expected: Iterable[str]) -> None:
    """Report a segment that was not read: known ones may hold money, others are no part of a remittance."""
    known = segment[0] in _KNOWN
    state.report(
        Finding(
            code="remittance.segment_misplaced" if known else "remittance.segment_unknown",
            message=(
                "A segment stands where it has no meaning and was not read"
                if known
                else "A segment is not part of a remittance and was not read"
            ),
            location=state.location(segment, position),
            expected="one of " + ", ".join(sorted(expected)),
            found=segment[0][:3],
            remedy="If the amounts balance, nothing of weight is missing; tell the payer",
            severity="error" if known else "warning",
        )
    )


def report_late(state: ReaderState, segment: Segment, position: int) -> None:
    """Report a segment of the claim that came behind its service lines and was read nevertheless."""
    state.report(
        Finding(
            code="remittance.segment_misplaced",
            message="A segment of the claim stands behind its service lines; it was read for the claim",
            location=state.location(segment, position),
            expected=f"{segment[0][:3]} before SVC",
            found=f"{segment[0][:3]} behind SVC",
            remedy="None needed; tell the payer",
            severity="warning",
        )
    )
