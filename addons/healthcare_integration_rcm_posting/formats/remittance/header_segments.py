"""The segments before the first claim: payment, trace, dates, payer and payee."""

from __future__ import annotations

from collections.abc import Callable

from odoo.addons.healthcare_integration_base.errors import Finding
from odoo.addons.healthcare_integration_base.formats.x12 import Segment, element, parse_decimal

from .documents import Party
from .state import ReaderState, parse_optional_date


def payment(state: ReaderState, segment: Segment, position: int) -> None:
    """BPR: financial information."""
    amount, payment_date = parse_decimal(segment[2]), parse_optional_date(element(segment, 16))
    if _repeated(state, segment, position):
        return
    header = state.header
    header.handling = segment[1]
    header.amount = amount
    header.credit_debit = element(segment, 3)
    header.method = element(segment, 4)
    header.payment_date = payment_date


def trace(state: ReaderState, segment: Segment, position: int) -> None:
    """TRN: reassociation trace number."""
    trace_number = segment[2].strip()
    if _repeated(state, segment, position):
        return
    header = state.header
    header.trace_number = trace_number
    header.payer_identifier = element(segment, 3).strip()
    header.payer_supplemental = element(segment, 4).strip()


def currency(state: ReaderState, segment: Segment, position: int) -> None:
    """CUR: the currency, when it is not the payer's own."""
    state.header.currency = segment[2]


def reference(state: ReaderState, segment: Segment, position: int) -> None:
    """REF: of the party whose loop is open, else of the transaction."""
    qualifier, value = segment[1], segment[2]
    if state.party is not None:
        state.party.references.setdefault(qualifier, value)
    elif qualifier == "EV":
        state.header.receiver_identifier = value


def production_date(state: ReaderState, segment: Segment, position: int) -> None:
    """DTM: production date of the remittance."""
    date = parse_optional_date(segment[2])
    if segment[1] == "405":
        state.header.production_date = date


def party(state: ReaderState, segment: Segment, position: int) -> None:
    """N1: opens the loop of the payer (PR) or of the payee (PE)."""
    entity = segment[1]
    state.party = Party(
        name=element(segment, 2), qualifier=element(segment, 3), identifier=element(segment, 4).strip()
    )
    if entity not in ("PR", "PE") or _repeated(state, segment, position, f"N1*{entity}"):
        return
    if entity == "PR":
        state.header.payer = state.party
    else:
        state.header.payee = state.party


def street(state: ReaderState, segment: Segment, position: int) -> None:
    """N3: address of the open party."""
    if state.party is not None:
        state.party.address = tuple(line for line in segment[1:3] if line)


def town(state: ReaderState, segment: Segment, position: int) -> None:
    """N4: city, state and postal code of the open party."""
    if state.party is not None:
        state.party.city = element(segment, 1)
        state.party.state = element(segment, 2)
        state.party.postal_code = element(segment, 3)


def contact(state: ReaderState, segment: Segment, position: int) -> None:
    """PER: one line of text for each contact of the open party: name, then channel and address pairs."""
    if state.party is None:
        return
    pairs = zip(segment[3::2], segment[4::2], strict=False)
    channels = [f"{channel} {address}" for channel, address in pairs if address]
    line = " ".join(part for part in (element(segment, 2), *channels) if part)
    state.party.contact = "\n".join(part for part in (state.party.contact, line) if part)


def pass_over(state: ReaderState, segment: Segment, position: int) -> None:
    """A segment that may stand here and holds nothing that is kept."""


#: What each segment of the header means.
HEADER_SEGMENTS: dict[str, Callable[[ReaderState, Segment, int], None]] = {
    "BPR": payment,
    "NTE": pass_over,
    "TRN": trace,
    "CUR": currency,
    "REF": reference,
    "DTM": production_date,
    "N1": party,
    "N2": pass_over,
    "N3": street,
    "N4": town,
    "PER": contact,
    "RDM": pass_over,
}


def header_findings(state: ReaderState) -> list[Finding]:
    """Return what a complete header lacks or contradicts."""
    header = state.header
    findings = [
        _missing(state, name, meaning) for name, meaning in _REQUIRED.items() if name not in state.seen
    ]
    place = f"ST {header.control_number}, BPR"
    if "BPR" in state.seen and header.payment_date is None:
        findings.append(_no_payment_date(place))
    if header.amount and (header.handling == "H" or header.method == "NON"):
        findings.append(
            Finding(
                code="remittance.payment_contradiction",
                message="The remittance says that it pays nothing, but states an amount",
                location=f"{place}02",
                expected="0 with BPR01 = H or BPR04 = NON",
                found=f"{header.amount} with BPR01 = {header.handling}, BPR04 = {header.method}",
                remedy="Ask the payer whether a payment was made",
                amount=header.amount,
            )
        )
    return findings


_REQUIRED = {
    "BPR": "payment amount and date",
    "TRN": "trace number",
    "N1*PR": "payer",
    "N1*PE": "payee",
}


def _missing(state: ReaderState, name: str, meaning: str) -> Finding:
    return Finding(
        code="remittance.segment_missing",
        message=f"The remittance does not state its {meaning}",
        location=f"ST {state.header.control_number}, before the first claim",
        expected=name,
        found="nothing",
        remedy="Ask the payer for a complete remittance",
    )


def _no_payment_date(place: str) -> Finding:
    return Finding(
        code="remittance.payment_date_missing",
        message="The remittance has no readable payment date",
        location=f"{place}16",
        expected="a date as CCYYMMDD",
        found="nothing that can be read",
        remedy="Take the date from the bank's entry, or ask the payer",
    )


def _repeated(state: ReaderState, segment: Segment, position: int, name: str = "") -> bool:
    """Tell, with a finding, whether a segment that may occur once came before; the first one counts."""
    name = name or segment[0]
    if name not in state.seen:
        state.seen.add(name)
        return False
    state.report(
        Finding(
            code="remittance.segment_repeated",
            message="A segment that may occur once is repeated; the first one counts",
            location=state.location(segment, position),
            expected=f"one {name}",
            found="a further one",
            remedy="Ask the payer which one is right",
        )
    )
    return True
