"""What a payer decides on a claim, as the claim loops of an 835."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Adjustment,
    Claim,
    ServiceLine,
)

from .book import ClaimLine, OpenClaim

ZERO = Decimal(0)
_CENT = Decimal("0.01")
PRIMARY, SECONDARY, FORWARDED, REVERSAL = "1", "2", "19", "22"


@dataclass(frozen=True)
class Contract:
    """What a payer allows and leaves to the patient.

    :ivar allowed: share of the charge; the rest is CO 45
    :ivar deductible: PR 1, in US dollars for the claim
    :ivar coinsurance: PR 2, share of what is allowed beyond the deductible
    :ivar copayment: PR 3, in US dollars for the claim
    :ivar sequestration: CO 253, share of what would be paid
    """

    allowed: Decimal = Decimal("0.65")
    deductible: Decimal = ZERO
    coinsurance: Decimal = ZERO
    copayment: Decimal = ZERO
    sequestration: Decimal = ZERO


def processed(claim: OpenClaim, contract: Contract, status: str = PRIMARY, number: str = "") -> Claim:
    """Return the claim as adjudicated by a contract.

    :param number: CLP01 when the payer returns another than it was sent
    """
    result = _claim(claim, status, number)
    deductible, copayment = contract.deductible, contract.copayment
    for line in claim.lines:
        allowed = _cents(line.charge * contract.allowed)
        own_deductible = min(deductible, allowed)
        own_copayment = min(copayment, allowed - own_deductible)
        deductible -= own_deductible
        copayment -= own_copayment
        coinsurance = _cents((allowed - own_deductible - own_copayment) * contract.coinsurance)
        payable = allowed - own_deductible - own_copayment - coinsurance
        sequestered = _cents(payable * contract.sequestration)
        adjustments = [
            ("CO", "45", line.charge - allowed),
            ("CO", "253", sequestered),
            ("PR", "1", own_deductible),
            ("PR", "2", coinsurance),
            ("PR", "3", own_copayment),
        ]
        _add_line(result, line, claim, payable - sequestered, adjustments)
    return _totalled(result)


def denied(claim: OpenClaim, group: str, reason: str, remark: str = "") -> Claim:
    """Return the claim with every line denied for one reason."""
    result = _claim(claim, PRIMARY)
    for line in claim.lines:
        _add_line(result, line, claim, ZERO, [(group, reason, line.charge)], remark)
    return _totalled(result)


def denied_in_part(claim: OpenClaim, contract: Contract, group: str, reason: str, remark: str = "") -> Claim:
    """Return the claim as adjudicated by a contract, its last line denied."""
    result = processed(claim, contract)
    last = result.service_lines[-1]
    last.paid, last.adjustments = ZERO, [Adjustment(group, reason, last.charge)]
    last.remarks = (remark,) if remark else ()
    return _totalled(result)


def secondary(claim: OpenClaim, primary: Claim) -> Claim:
    """Return what the next payer decides on a claim that ``primary`` was forwarded from.

    It pays what the first payer left to the patient; OA 23 tells what the first payer paid and adjusted.
    """
    result = _claim(claim, SECONDARY)
    for line, decided in zip(claim.lines, primary.service_lines, strict=True):
        left = sum((part.amount for part in decided.adjustments if part.group == "PR"), ZERO)
        _add_line(result, line, claim, left, [("OA", "23", line.charge - left)])
    return _totalled(result)


def reversed_claim(original: Claim) -> Claim:
    """Return the reversal: every amount of the original negated."""
    return dataclasses.replace(
        original,
        status=REVERSAL,
        charge=-original.charge,
        paid=-original.paid,
        patient_responsibility=-original.patient_responsibility,
        service_lines=[_reversed_line(line) for line in original.service_lines],
    )


def _reversed_line(line: ServiceLine) -> ServiceLine:
    adjustments = [dataclasses.replace(part, amount=-part.amount) for part in line.adjustments]
    return dataclasses.replace(line, charge=-line.charge, paid=-line.paid, adjustments=adjustments)


def _claim(claim: OpenClaim, status: str, number: str = "") -> Claim:
    return Claim(
        position=0,
        claim_id=number or claim.number,
        status=status,
        charge=claim.total,
        paid=ZERO,
        filing_indicator="CI",
        payer_claim_number=f"{claim.payer}{claim.number.replace('-', '')}",
        facility_type="13",
        frequency="1",
        patient_name=claim.patient.upper(),
        patient_identifier=claim.patient_number,
        statement_from=claim.service_date,
        statement_to=claim.service_date,
    )


def _add_line(
    result: Claim,
    line: ClaimLine,
    claim: OpenClaim,
    paid: Decimal,
    adjustments: list[tuple[str, str, Decimal]],
    remark: str = "",
) -> None:
    result.service_lines.append(
        ServiceLine(
            position=0,
            qualifier="HC",
            code=line.code,
            modifiers=(),
            charge=line.charge,
            paid=paid,
            revenue_code=line.revenue_code,
            units=Decimal(line.units),
            service_date=claim.service_date,
            adjustments=[Adjustment(*values) for values in adjustments if values[2]],
            remarks=(remark,) if remark else (),
        )
    )


def _totalled(result: Claim) -> Claim:
    result.paid = sum((line.paid for line in result.service_lines), ZERO)
    result.patient_responsibility = sum(
        (part.amount for line in result.service_lines for part in line.adjustments if part.group == "PR"),
        ZERO,
    )
    return result


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)
