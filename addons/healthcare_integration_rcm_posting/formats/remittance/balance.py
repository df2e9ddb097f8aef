"""The three levels at which a remittance must balance (005010X221A1, section 1.10.2.1).

=============================  ===================================================
code                           rule
=============================  ===================================================
remittance.balance.service     SVC02 - sum(CAS of the line) = SVC03
remittance.balance.claim       CLP03 - sum(CAS of the claim and its lines) = CLP04
remittance.balance.transaction sum(CLP04) - sum(PLB amounts) = BPR02
=============================  ===================================================

AMT and CLP05 never take part [RFI 2601], and a claim without service lines is legal [RFI 2348]. A
difference is reported, never explained away.
"""

from __future__ import annotations

from decimal import Decimal

from odoo.addons.healthcare_integration_base.errors import Finding

from .documents import ZERO, Claim, RemittanceHeader, RemittanceSummary, ServiceLine

SERVICE = "remittance.balance.service"
CLAIM = "remittance.balance.claim"
TRANSACTION = "remittance.balance.transaction"


def claim_balance(claim: Claim, control_number: str) -> list[Finding]:
    """Return what does not balance in a claim and in its service lines.

    :param control_number: ST02, for the locations
    """
    findings = []
    adjusted = ZERO
    for adjustment in claim.adjustments:
        adjusted += adjustment.amount
    for line in claim.service_lines:
        line_adjusted = ZERO
        for adjustment in line.adjustments:
            line_adjusted += adjustment.amount
        if line.charge - line_adjusted != line.paid:
            findings.append(_service_finding(claim, line, line_adjusted, control_number))
        adjusted += line_adjusted
    if claim.charge - adjusted != claim.paid:
        findings.append(_claim_finding(claim, adjusted, control_number))
    return findings


def transaction_balance(header: RemittanceHeader, summary: RemittanceSummary) -> list[Finding]:
    """Return what does not balance between claims, provider adjustments and the payment."""
    expected = summary.paid_total - summary.provider_adjustment_total
    if expected == header.amount:
        return []
    return [
        _finding(
            TRANSACTION,
            "Transaction",
            f"ST {header.control_number}, before loop 2000 (BPR), BPR02",
            f"{expected} = CLP04 {summary.paid_total} - PLB {summary.provider_adjustment_total}",
            expected,
            header.amount,
        )
    ]


def _service_finding(claim: Claim, line: ServiceLine, adjusted: Decimal, control_number: str) -> Finding:
    expected = line.charge - adjusted
    return _finding(
        SERVICE,
        "Service line",
        f"ST {control_number}, loop 2110, segment {line.position} (SVC of CLP {claim.claim_id}), SVC03",
        f"{expected} = SVC02 {line.charge} - CAS {adjusted}",
        expected,
        line.paid,
    )


def _claim_finding(claim: Claim, adjusted: Decimal, control_number: str) -> Finding:
    expected = claim.charge - adjusted
    return _finding(
        CLAIM,
        "Claim",
        f"ST {control_number}, loop 2100, segment {claim.position} (CLP {claim.claim_id}), CLP04",
        f"{expected} = CLP03 {claim.charge} - CAS {adjusted}",
        expected,
        claim.paid,
    )


def _finding(code: str, level: str, location: str, proof: str, expected: Decimal, found: Decimal) -> Finding:
    difference = found - expected
    return Finding(
        code=code,
        message=f"{level} does not balance: difference {difference}",
        location=location,
        expected=proof,
        found=str(found),
        remedy="Ask the payer for a corrected remittance, or decide by hand which amount is right",
        amount=abs(difference),
    )
