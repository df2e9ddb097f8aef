"""The segments of a service line (loop 2110).

Four of five segments of a remittance are read here, so this is where its speed comes from.
"""

from __future__ import annotations

from collections.abc import Iterator

from odoo.addons.healthcare_integration_base.formats.x12 import Segment, parse_decimal

from .claim_segments import CLAIM_SEGMENTS, keep_first, read_adjustments
from .codes import ADJUSTMENT_GROUPS
from .documents import Adjustment, ServiceLine
from .repair import Damage, read_repaired, repair
from .section_segments import SECTION_IDENTIFIERS
from .state import Numbered, ReaderState, parse_optional_date, parse_quantity
from .unexpected import report_late, report_unexpected

_FOLLOWING_IDENTIFIERS = SECTION_IDENTIFIERS | {"SVC"}
_EXPECTED_IDENTIFIERS = _FOLLOWING_IDENTIFIERS | {"CAS", "DTM", "REF", "AMT", "QTY", "LQ"}


def read_service_lines(
    state: ReaderState, following: Numbered | None, segments: Iterator[Numbered]
) -> Numbered | None:
    """Read service lines as long as an SVC follows; return the first segment that is not part of one."""
    while following is not None and following[0][0] == "SVC":
        segment, position = following
        try:
            line = _open_service_line(state, segment, position)
        except Damage:
            line = read_repaired(state, _open_service_line, segment, position)
        following = _read_service_line(state, line, segments)
    return following


def _open_service_line(state: ReaderState, segment: Segment, position: int) -> ServiceLine:
    """SVC: return a new service line of the open claim."""
    component = state.component
    qualifier, _, code = segment[1].partition(component)
    charge, paid = parse_decimal(segment[2]), parse_decimal(segment[3])
    line = ServiceLine(position, qualifier, code, (), charge, paid)
    if component in code:
        line.code, *modifiers = code.split(component)
        line.modifiers = tuple(filter(None, modifiers[:4]))
    count = len(segment)
    if count > 4:
        line.revenue_code = segment[4]
    if count > 5:
        line.units = parse_quantity(segment[5])
    if count > 6:
        line.submitted_procedure = segment[6].replace(component, ":")
    if count > 7:
        line.submitted_units = parse_quantity(segment[7])
    state.claim.service_lines.append(line)
    return line


def _read_service_line(
    state: ReaderState, line: ServiceLine, segments: Iterator[Numbered]
) -> Numbered | None:
    """Read what follows SVC; return the first segment that is not part of the line, or None at the end.

    The usual forms of the usual segments are read on the spot, any other by :func:`_read_line_segment`.
    """
    adjustments, amounts = line.adjustments, line.amounts
    for segment, position in segments:
        identifier = segment[0]
        try:
            if identifier == "CAS" and len(segment) == 4 and segment[1] in ADJUSTMENT_GROUPS and segment[2]:
                amount = parse_decimal(segment[3])
                adjustments.append(Adjustment(segment[1], segment[2], amount, None, position))
            elif identifier == "DTM" and segment[1] == "472":
                line.service_date = parse_optional_date(segment[2])
            elif identifier == "REF" and segment[1] == "6R":
                line.control_number = segment[2]
            elif identifier == "AMT" and segment[1] not in amounts:
                amounts[segment[1]] = parse_decimal(segment[2])
            elif identifier in _FOLLOWING_IDENTIFIERS:
                return segment, position
            else:
                _read_line_segment(state, line, segment, position)
        except Damage:
            repaired, findings = repair(state, segment, position)
            _read_line_segment(state, line, repaired, position)
            for finding in findings:
                state.report(finding)
    return None


def _read_line_segment(state: ReaderState, line: ServiceLine, segment: Segment, position: int) -> None:
    """Read any segment of a service line in any form."""
    identifier = segment[0]
    if identifier == "CAS":
        read_adjustments(state, line.adjustments, segment, position)
    elif identifier == "DTM":
        _read_date(line, segment)
    elif identifier == "REF" and segment[1] == "6R":
        line.control_number = segment[2]
    elif identifier == "REF":
        keep_first(state, line.references, segment[2], segment, position)
    elif identifier == "AMT":
        keep_first(state, line.amounts, parse_decimal(segment[2]), segment, position)
    elif identifier == "LQ":
        line.remarks += (segment[2],)
    elif identifier in CLAIM_SEGMENTS:
        # QTY holds nothing that is kept; the others can mean nothing but the open claim
        CLAIM_SEGMENTS[identifier](state, segment, position)
        if identifier != "QTY":
            report_late(state, segment, position)
    else:
        report_unexpected(state, segment, position, _EXPECTED_IDENTIFIERS)


def _read_date(line: ServiceLine, segment: Segment) -> None:
    """DTM: date or period of the service."""
    qualifier, date = segment[1], parse_optional_date(segment[2])
    if qualifier in ("472", "150"):
        line.service_date = date
    elif qualifier == "151":
        line.service_date_end = date
