"""Writes a remittance: typed documents to segments, and to the bytes of a file.

What a reader of the file gets back are the same documents, positions apart. Texts are written as they
are; whether a remittance balances is the caller's affair, so that tests can write any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.x12 import (
    Group,
    Interchange,
    SegmentWriter,
    TransactionEnvelope,
    date_text,
    decimal_text,
    write_group,
    write_interchange,
    write_transaction,
)

from .codes import TRANSACTION_SET
from .documents import Adjustment, Claim, Party, ProviderAdjustment, RemittanceHeader, ServiceLine

_PER_SEGMENT = 6  # triples of CAS, pairs of PLB
_REMARKS_PER_SEGMENT = 5


@dataclass(slots=True)
class Remittance:
    """One payment to write; ``claims`` may be any iterable, so that it need not fit in memory."""

    header: RemittanceHeader
    claims: Iterable[Claim] = ()
    provider_adjustments: Iterable[ProviderAdjustment] = field(default_factory=list)


def write_remittance_file(
    interchange: Interchange, group: Group, remittances: Iterable[Remittance], line_break: str = ""
) -> Iterator[bytes]:
    """Yield the bytes of a file with one interchange, one group and a transaction for each remittance.

    Control numbers of transactions are those of the headers, ST03 stays empty as GS08 says it.

    :raises DocumentError: see :mod:`odoo.addons.healthcare_integration_base.formats.x12.writer`
    """
    writer = SegmentWriter(interchange.delimiters, line_break)
    transactions = (
        write_transaction(
            writer,
            TransactionEnvelope(TRANSACTION_SET, remittance.header.control_number),
            remittance_segments(remittance),
        )
        for remittance in remittances
    )
    yield from write_interchange(writer, interchange, [write_group(writer, group, transactions)])


def remittance_segments(remittance: Remittance) -> Iterator[list]:
    """Yield the segments between ST and SE."""
    yield from _header_segments(remittance.header)
    section_open = False
    for claim in remittance.claims:
        if not section_open:
            yield ["LX", "1"]
            section_open = True
        yield from _claim_segments(claim)
    yield from _provider_adjustment_segments(remittance.provider_adjustments)


def _header_segments(header: RemittanceHeader) -> Iterator[list]:
    payment = ["BPR", header.handling, decimal_text(header.amount), header.credit_debit, header.method]
    payment.append("CCP" if header.method == "ACH" else "")
    yield [*payment, *[""] * 10, date_text(header.payment_date)]
    yield ["TRN", "1", header.trace_number, header.payer_identifier, header.payer_supplemental]
    if header.currency:
        yield ["CUR", "PR", header.currency]
    if header.receiver_identifier:
        yield ["REF", "EV", header.receiver_identifier]
    if header.production_date:
        yield ["DTM", "405", date_text(header.production_date)]
    yield from _party_segments("PR", header.payer)
    yield from _party_segments("PE", header.payee)


def _party_segments(entity: str, party: Party) -> Iterator[list]:
    yield ["N1", entity, party.name, party.qualifier, party.identifier]
    if party.address:
        yield ["N3", *party.address]
    if party.city or party.state or party.postal_code:
        yield ["N4", party.city, party.state, party.postal_code]
    yield from (["REF", qualifier, value] for qualifier, value in party.references.items())
    if entity == "PR":
        yield from (["PER", "BL", line] for line in party.contact.splitlines())


def _claim_segments(claim: Claim) -> Iterator[list]:
    yield [
        "CLP",
        claim.claim_id,
        claim.status,
        decimal_text(claim.charge),
        decimal_text(claim.paid),
        decimal_text(claim.patient_responsibility) if claim.patient_responsibility else "",
        claim.filing_indicator,
        claim.payer_claim_number,
        claim.facility_type,
        claim.frequency,
    ]
    yield from _adjustment_segments(claim.adjustments)
    yield from _person_segments(claim)
    yield from _remark_segments(claim)
    yield from (["REF", qualifier, value] for qualifier, value in claim.references.items())
    yield from _date_segments({"232": claim.statement_from, "233": claim.statement_to, "050": claim.received})
    yield from (["AMT", qualifier, decimal_text(amount)] for qualifier, amount in claim.amounts.items())
    for line in claim.service_lines:
        yield from _service_line_segments(line)


def _adjustment_segments(adjustments: Iterable[Adjustment]) -> Iterator[list]:
    for group, members in groupby(adjustments, key=lambda adjustment: adjustment.group):
        for batch in _batches(members, _PER_SEGMENT):
            segment = ["CAS", group]
            for adjustment in batch:
                quantity = "" if adjustment.quantity is None else decimal_text(adjustment.quantity)
                segment += [adjustment.reason, decimal_text(adjustment.amount), quantity]
            yield segment


def _person_segments(claim: Claim) -> Iterator[list]:
    if claim.patient_name or claim.patient_identifier:
        last, _, first = claim.patient_name.partition(", ")
        yield _person("QC", "1", last, first, "MI", claim.patient_identifier)
    if claim.subscriber_identifier:
        yield _person("IL", "1", "", "", "MI", claim.subscriber_identifier)
    if claim.rendering_provider:
        yield _person("82", "1", "", "", "XX", claim.rendering_provider)
    if claim.crossover_payer_name or claim.crossover_payer_identifier:
        yield _person("TT", "2", claim.crossover_payer_name, "", "PI", claim.crossover_payer_identifier)


def _person(entity: str, kind: str, last: str, first: str, qualifier: str, identifier: str) -> list:
    return ["NM1", entity, kind, last, first, "", "", "", qualifier if identifier else "", identifier]


def _remark_segments(claim: Claim) -> Iterator[list]:
    """Yield MOA, which holds five remark codes, preceded by MIA for five more."""
    outpatient = claim.remarks[-_REMARKS_PER_SEGMENT:]
    inpatient = claim.remarks[:-_REMARKS_PER_SEGMENT]
    if len(inpatient) > _REMARKS_PER_SEGMENT:
        raise DocumentError(
            code="remittance.too_many_remarks",
            message="A claim has more remark codes than a remittance can hold",
            location=f"CLP {claim.claim_id}",
            expected=f"at most {2 * _REMARKS_PER_SEGMENT}",
            found=str(len(claim.remarks)),
            remedy="Leave out the least important ones",
        )
    if inpatient:
        yield ["MIA", "0", "", "", "", inpatient[0], *[""] * 14, *inpatient[1:]]
    if outpatient:
        yield ["MOA", "", "", *outpatient]


def _service_line_segments(line: ServiceLine) -> Iterator[list]:
    yield [
        "SVC",
        (line.qualifier, line.code, *line.modifiers),
        decimal_text(line.charge),
        decimal_text(line.paid),
        line.revenue_code,
        "" if line.units is None else decimal_text(line.units),
        tuple(line.submitted_procedure.split(":")),
        "" if line.submitted_units is None else decimal_text(line.submitted_units),
    ]
    first = "472" if line.service_date_end is None else "150"
    yield from _date_segments({first: line.service_date, "151": line.service_date_end})
    yield from _adjustment_segments(line.adjustments)
    if line.control_number:
        yield ["REF", "6R", line.control_number]
    yield from (["REF", qualifier, value] for qualifier, value in line.references.items())
    yield from (["AMT", qualifier, decimal_text(amount)] for qualifier, amount in line.amounts.items())
    yield from (["LQ", "HE", remark] for remark in line.remarks)


def _provider_adjustment_segments(adjustments: Iterable[ProviderAdjustment]) -> Iterator[list]:
    def segment_key(adjustment: ProviderAdjustment) -> tuple:
        return adjustment.provider_identifier, adjustment.fiscal_period

    for (provider, period), members in groupby(adjustments, key=segment_key):
        for batch in _batches(members, _PER_SEGMENT):
            segment = ["PLB", provider, date_text(period)]
            for adjustment in batch:
                segment += [(adjustment.code, adjustment.reference), decimal_text(adjustment.amount)]
            yield segment


def _date_segments(dates: dict) -> Iterator[list]:
    return (["DTM", qualifier, date_text(date)] for qualifier, date in dates.items() if date)


def _batches(items: Iterable, size: int) -> Iterator[list]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
