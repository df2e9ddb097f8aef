"""What the reader of a remittance remembers between two segments, and what its element texts mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from odoo.addons.healthcare_integration_base.errors import Finding
from odoo.addons.healthcare_integration_base.formats.x12 import (
    FindingLog,
    Segment,
    TransactionEnvelope,
    parse_date,
    parse_decimal,
    remembering,
)

from .documents import (
    ZERO,
    Claim,
    Party,
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceSummary,
)

parse_quantity = remembering(parse_decimal, {"": None})
parse_optional_date = remembering(parse_date, {"": None})

#: A segment and its ordinal in the transaction, counting ST as 1.
Numbered = tuple[Segment, int]
Document = RemittanceHeader | Claim | RemittanceSummary


@dataclass(slots=True)
class ReaderState:
    """What is known of a transaction while it is read; ``party`` and ``claim`` are the open ones."""

    envelope: TransactionEnvelope
    findings: FindingLog
    header: RemittanceHeader
    component: str  # the separator within composite elements
    seen: set[str] = field(default_factory=set)  # segments that may occur once
    party: Party | None = None
    claim: Claim | None = None
    claim_findings: FindingLog | None = None  # of the open claim, once there is one
    provider_adjustments: list[ProviderAdjustment] = field(default_factory=list)
    provider_adjustment_total: Decimal = ZERO
    claim_count: int = 0
    charge_total: Decimal = ZERO
    paid_total: Decimal = ZERO

    def location(self, segment: Segment, position: int, index: int = 0) -> str:
        """Return the place of a segment or element in words: ``ST 0001, segment 42 (CLP), CLP04``."""
        identifier = segment[0][:3]
        place = f"ST {self.envelope.control_number}, segment {position} ({identifier})"
        return f"{place}, {identifier}{index:02}" if index else place

    def report(self, finding: Finding) -> None:
        """Keep a finding for the transaction and for the claim that is open."""
        self.findings.add(finding)
        if self.claim is not None:
            self.claim_findings = self.claim_findings or FindingLog()
            self.claim_findings.add(finding)

    def close_claim(self) -> None:
        """Count the open claim and give it its findings."""
        claim = self.claim
        if self.claim_findings is not None:
            claim.findings = self.claim_findings.report()
        self.claim = self.claim_findings = None
        self.claim_count += 1
        self.charge_total += claim.charge
        self.paid_total += claim.paid
