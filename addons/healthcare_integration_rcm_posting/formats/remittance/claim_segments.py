"""The segments of claims (loop 2100); some occur in service lines (loop 2110) as well.

Each function computes what it needs before it changes anything: a segment that turns out to be
unreadable is repaired and read again (see :mod:`.repair`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from odoo.addons.healthcare_integration_base.errors import Finding
from odoo.addons.healthcare_integration_base.formats.x12 import Segment, element, parse_decimal

from .codes import ADJUSTMENT_GROUPS, CLAIM_STATUSES, FORMER_ADJUSTMENT_GROUPS
from .documents import ZERO, Adjustment, Claim
from .state import ReaderState, parse_optional_date, parse_quantity

_INPATIENT_REMARKS = (5, 20, 21, 22, 23)
_OUTPATIENT_REMARKS = (3, 4, 5, 6, 7)


def open_claim(state: ReaderState, segment: Segment, position: int) -> Claim:
    """CLP: return a new claim, which is then the open one."""
    patient = segment[5] if len(segment) > 5 else ""
    claim = Claim(
        position,
        segment[1].strip(),
        segment[2],
        parse_decimal(segment[3]),
        parse_decimal(segment[4]),
        parse_decimal(patient) if patient else ZERO,
        *segment[6:10],  # filing indicator, payer's claim number, facility type, frequency
    )
    state.claim = claim
    if claim.status not in CLAIM_STATUSES or not claim.claim_id:
        for finding in _unusual_claim(state, segment, position):
            state.report(finding)
    return claim


def _unusual_claim(state: ReaderState, segment: Segment, position: int) -> list[Finding]:
    """Return what is unusual about the identification of a claim."""
    findings = []
    if not element(segment, 1):
        findings.append(
            Finding(
                code="remittance.claim_id_missing",
                message="A claim comes without the provider's claim number",
                location=state.location(segment, position, 1),
                expected="the claim number as it was submitted",
                found="nothing",
                remedy="Find the claim by the payer's claim number, dates and amount",
            )
        )
    status = element(segment, 2)
    if status not in CLAIM_STATUSES:
        findings.append(
            Finding(
                code="remittance.claim_status_unknown",
                message="The claim has a status that is not known",
                location=state.location(segment, position, 2),
                expected="one of " + ", ".join(CLAIM_STATUSES),
                found=status[:2] or "nothing",
                remedy="Ask the payer what the status means and decide on the claim by hand",
            )
        )
    return findings


def claim_adjustments(state: ReaderState, segment: Segment, position: int) -> None:
    """CAS of the claim."""
    read_adjustments(state, state.claim.adjustments, segment, position)


def read_adjustments(
    state: ReaderState, adjustments: list[Adjustment], segment: Segment, position: int
) -> None:
    """CAS: add up to six reason/amount/quantity triples of one group; more are read as well."""
    group, reason, amount = segment[1], segment[2], parse_decimal(segment[3])
    if len(segment) == 4:
        adjustments.append(Adjustment(group, reason, amount, None, position))
    else:
        adjustments.extend(_adjustment_triples(segment, position))
    if group not in ADJUSTMENT_GROUPS:
        state.report(_unusual_group(state, segment, position))
    if not reason:
        state.report(_reason_missing(state, segment, position))


def _adjustment_triples(segment: Segment, position: int) -> list[Adjustment]:
    group = segment[1]
    triples = []
    for index in range(2, len(segment), 3):
        reason, amount = segment[index], element(segment, index + 1)
        if reason or amount:
            quantity = parse_quantity(element(segment, index + 2))
            triples.append(Adjustment(group, reason, parse_decimal(amount), quantity, position))
    return triples


def _unusual_group(state: ReaderState, segment: Segment, position: int) -> Finding:
    group = segment[1]
    former = group in FORMER_ADJUSTMENT_GROUPS
    return Finding(
        code="remittance.group_former" if former else "remittance.group_unknown",
        message="An adjustment group of 004010 came" if former else "An adjustment group is not known",
        location=state.location(segment, position, 1),
        expected=", ".join(ADJUSTMENT_GROUPS),
        found=group[:2] or "nothing",
        remedy="Its adjustments are kept and balanced; decide on them in the review list",
        severity="warning",
    )


def _reason_missing(state: ReaderState, segment: Segment, position: int) -> Finding:
    return Finding(
        code="remittance.reason_missing",
        message="An adjustment has no reason code",
        location=state.location(segment, position, 2),
        expected="a claim adjustment reason code",
        found="nothing",
        remedy="The amount is kept and balanced; decide on it in the review list",
        severity="warning",
    )


def person(state: ReaderState, segment: Segment, position: int) -> None:
    """NM1: patient, subscriber, rendering provider or the payer that the claim was forwarded to."""
    entity = segment[1]
    identifier = segment[9].strip() if len(segment) > 9 else ""
    if entity == "QC":
        state.claim.patient_name = _full_name(segment)
        state.claim.patient_identifier = identifier
    elif entity == "IL":
        state.claim.subscriber_identifier = identifier
    elif entity == "82":
        state.claim.rendering_provider = identifier
    elif entity == "TT":
        state.claim.crossover_payer_name = element(segment, 3)
        state.claim.crossover_payer_identifier = identifier


def _full_name(segment: Segment) -> str:
    """Return ``LAST, FIRST MIDDLE SUFFIX`` from NM103, NM104, NM105 and NM107."""
    last, given = segment[3], segment[4]
    if segment[5] or segment[7]:
        given = " ".join(filter(None, (given, segment[5], segment[7])))
    return f"{last}, {given}" if given else last


def inpatient(state: ReaderState, segment: Segment, position: int) -> None:
    """MIA: inpatient adjudication, of which the remark codes are kept."""
    _add_remarks(state, segment, _INPATIENT_REMARKS)


def outpatient(state: ReaderState, segment: Segment, position: int) -> None:
    """MOA: outpatient adjudication, of which the remark codes are kept."""
    _add_remarks(state, segment, _OUTPATIENT_REMARKS)


def _add_remarks(state: ReaderState, segment: Segment, indexes: tuple[int, ...]) -> None:
    state.claim.remarks += tuple(code for index in indexes if (code := element(segment, index)))


def claim_date(state: ReaderState, segment: Segment, position: int) -> None:
    """DTM: statement period and date of receipt; other dates are left to the file."""
    qualifier, date = segment[1], parse_optional_date(segment[2])
    if qualifier == "232":
        state.claim.statement_from = date
    elif qualifier == "233":
        state.claim.statement_to = date
    elif qualifier == "050":
        state.claim.received = date


def claim_reference(state: ReaderState, segment: Segment, position: int) -> None:
    """REF of the claim."""
    keep_first(state, state.claim.references, segment[2], segment, position)


def claim_amount(state: ReaderState, segment: Segment, position: int) -> None:
    """AMT of the claim: supplemental information, which never takes part in balancing."""
    keep_first(state, state.claim.amounts, parse_decimal(segment[2]), segment, position)


def keep_first(
    state: ReaderState, values: dict[str, Any], value: Any, segment: Segment, position: int
) -> None:
    """Keep a value under the qualifier of its segment, unless one is there."""
    qualifier = segment[1]
    if qualifier in values:
        state.report(_repeated(state, segment, position))
    else:
        values[qualifier] = value


def pass_over(state: ReaderState, segment: Segment, position: int) -> None:
    """A segment that may stand here and holds nothing that is kept."""


#: What each segment of a claim means, apart from those that open and close its loops.
CLAIM_SEGMENTS: dict[str, Callable[[ReaderState, Segment, int], None]] = {
    "CAS": claim_adjustments,
    "NM1": person,
    "MIA": inpatient,
    "MOA": outpatient,
    "REF": claim_reference,
    "DTM": claim_date,
    "PER": pass_over,
    "AMT": claim_amount,
    "QTY": pass_over,
}


def _repeated(state: ReaderState, segment: Segment, position: int) -> Finding:
    return Finding(
        code="remittance.qualifier_repeated",
        message="A qualifier that may occur once in its loop is repeated; the first one counts",
        location=state.location(segment, position, 1),
        expected="another qualifier",
        found=segment[1][:3],
        remedy="None needed for posting; the file holds both",
        severity="warning",
    )
