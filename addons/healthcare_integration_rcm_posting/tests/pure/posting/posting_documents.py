"""Short ways to write remittances in tests. Amounts may be given as int or str."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass, replace
from decimal import Decimal

from odoo.addons.healthcare_integration_rcm_posting.formats.remittance.balance import (
    claim_balance,
    transaction_balance,
)
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance.documents import (
    Adjustment,
    Claim,
    Party,
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceSummary,
    ServiceLine,
)

PAYMENT_DATE = datetime.date(2026, 3, 2)
SERVICE_DATE = datetime.date(2026, 2, 10)


def money(amount) -> Decimal:
    return Decimal(str(amount))


def adjustments(*triples) -> list[Adjustment]:
    """``("CO", "45", 200)``, ... as CAS triples."""
    return [Adjustment(group, reason, money(amount)) for group, reason, amount in triples]


def line(charge, paid, *triples, service_date=SERVICE_DATE) -> ServiceLine:
    return ServiceLine(
        position=0,
        qualifier="HC",
        code="99213",
        modifiers=(),
        charge=money(charge),
        paid=money(paid),
        service_date=service_date,
        adjustments=adjustments(*triples),
    )


def claim(claim_id, charge, paid, *triples, status="1", lines=(), number="") -> Claim:
    """A claim with claim level adjustments and service lines; positions are given by :func:`remit`."""
    return Claim(
        position=0,
        claim_id=claim_id,
        status=status,
        charge=money(charge),
        paid=money(paid),
        payer_claim_number=number or f"ICN-{claim_id}",
        patient_name="DOE, JANE",
        statement_from=SERVICE_DATE,
        adjustments=adjustments(*triples),
        service_lines=list(lines),
    )


def reversal(original: Claim) -> Claim:
    """The claim that takes ``original`` back."""
    return replace(
        original,
        status="22",
        charge=-original.charge,
        paid=-original.paid,
        adjustments=_negated(original.adjustments),
        service_lines=[
            replace(
                service, charge=-service.charge, paid=-service.paid, adjustments=_negated(service.adjustments)
            )
            for service in original.service_lines
        ],
        findings=[],
    )


def _negated(given: list[Adjustment]) -> list[Adjustment]:
    return [replace(adjustment, amount=-adjustment.amount) for adjustment in given]


@dataclass
class Remit:
    header: RemittanceHeader
    claims: list[Claim]
    summary: RemittanceSummary


def remit(*claims: Claim, plb=(), trace="T1", amount=None, **header) -> Remit:
    """A remittance of copies of the claims, balanced unless ``amount`` says otherwise.

    ``plb`` holds ``(code, reference, amount)``.
    """
    position = itertools.count(10)
    placed = [_placed(claim, position) for claim in claims]
    provider_adjustments = [
        ProviderAdjustment(next(position), "1234567893", PAYMENT_DATE, code, reference, money(value))
        for code, reference, value in plb
    ]
    paid = sum((claim.paid for claim in placed), Decimal(0))
    adjusted = sum((adjustment.amount for adjustment in provider_adjustments), Decimal(0))
    head = RemittanceHeader(
        **{
            "control_number": "0001",
            "usage": "P",
            "handling": "I",
            "amount": paid - adjusted if amount is None else money(amount),
            "credit_debit": "C",
            "method": "ACH",
            "payment_date": PAYMENT_DATE,
            "trace_number": trace,
            "payer_identifier": "1512345678",
            "payee": Party(name="CITY HOSPITAL", qualifier="XX", identifier="1234567893"),
            **header,
        }
    )
    summary = RemittanceSummary(
        control_number="0001",
        provider_adjustments=provider_adjustments,
        claim_count=len(placed),
        paid_total=paid,
        provider_adjustment_total=adjusted,
    )
    for each in placed:
        each.findings = claim_balance(each, "0001")
        summary.findings += each.findings
    summary.findings += transaction_balance(head, summary)
    return Remit(head, placed, summary)


def _placed(given: Claim, position) -> Claim:
    placed = replace(given, position=next(position))
    placed.service_lines = [replace(service, position=next(position)) for service in given.service_lines]
    return placed
