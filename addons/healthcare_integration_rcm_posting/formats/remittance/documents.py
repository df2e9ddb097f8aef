"""A remittance (X12 835, 005010X221A1) as typed documents. Pure Python.

Amounts are :class:`~decimal.Decimal` in the currency of the remittance, dates are
:class:`~datetime.date`, codes are strings as received. ``position`` is the ordinal of the segment
in its transaction, counting ST as 1, so that every document can be found again in the file.

A reader yields, for each transaction, one :class:`RemittanceHeader`, then its claims one by one,
then one :class:`RemittanceSummary`: nothing needs the whole transaction in memory.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from odoo.addons.healthcare_integration_base.errors import Finding

ZERO = Decimal(0)


@dataclass(slots=True)
class Party:
    """Payer (loop 1000A) or payee (loop 1000B)."""

    name: str = ""
    qualifier: str = ""  # N103: XX = NPI, FI = federal tax id, XV = plan id
    identifier: str = ""  # N104
    references: dict[str, str] = field(default_factory=dict)  # REF01 -> REF02, e.g. 2U, TJ, PQ
    contact: str = ""  # PER segments in clear text, one per line
    address: tuple[str, ...] = ()  # N301, N302
    city: str = ""  # N401
    state: str = ""  # N402
    postal_code: str = ""  # N403


@dataclass(slots=True)
class Adjustment:
    """One reason/amount/quantity triple of a CAS segment. A positive amount reduces the payment."""

    group: str  # CO, OA, PI, PR; CR in 4010
    reason: str  # CARC
    amount: Decimal
    quantity: Decimal | None = None
    position: int = 0


@dataclass(slots=True)
class ServiceLine:
    """One SVC loop (2110)."""

    position: int
    qualifier: str  # HC, AD, N4, NU, HP, ER, IV, WK, ...
    code: str
    modifiers: tuple[str, ...]
    charge: Decimal  # SVC02
    paid: Decimal  # SVC03
    revenue_code: str = ""  # SVC04
    units: Decimal | None = None  # SVC05
    control_number: str = ""  # REF*6R: the provider's own line number
    service_date: datetime.date | None = None  # DTM*472, or *150 for a range
    service_date_end: datetime.date | None = None  # DTM*151
    adjustments: list[Adjustment] = field(default_factory=list)
    remarks: tuple[str, ...] = ()  # LQ02, all of them
    amounts: dict[str, Decimal] = field(default_factory=dict)  # AMT01 -> AMT02, never balanced
    references: dict[str, str] = field(default_factory=dict)  # REF01 -> REF02, 6R excepted
    submitted_procedure: str = ""  # SVC06 joined by colons, when the payer changed the procedure
    submitted_units: Decimal | None = None  # SVC07, when the payer changed the units


@dataclass(slots=True)
class Claim:
    """One CLP loop (2100)."""

    position: int
    claim_id: str  # CLP01: the provider's own identifier as the payer returned it
    status: str  # CLP02
    charge: Decimal  # CLP03
    paid: Decimal  # CLP04
    patient_responsibility: Decimal = ZERO  # CLP05, informative only
    filing_indicator: str = ""  # CLP06
    payer_claim_number: str = ""  # CLP07
    facility_type: str = ""  # CLP08
    frequency: str = ""  # CLP09
    patient_name: str = ""  # NM1*QC: private, never in labels or messages
    patient_identifier: str = ""  # NM109 of QC
    subscriber_identifier: str = ""  # NM109 of IL
    rendering_provider: str = ""  # NM109 of 82
    crossover_payer_name: str = ""  # NM1*TT
    crossover_payer_identifier: str = ""  # NM109 of TT
    statement_from: datetime.date | None = None  # DTM*232
    statement_to: datetime.date | None = None  # DTM*233
    received: datetime.date | None = None  # DTM*050
    references: dict[str, str] = field(default_factory=dict)  # REF01 -> REF02
    adjustments: list[Adjustment] = field(default_factory=list)  # claim level CAS
    remarks: tuple[str, ...] = ()  # remark codes of MIA and MOA, all of them
    amounts: dict[str, Decimal] = field(default_factory=dict)  # AMT01 -> AMT02, never balanced
    service_lines: list[ServiceLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def adjusted(self) -> Decimal:
        """Sum of the adjustments of the claim and of its lines."""
        own = sum((adjustment.amount for adjustment in self.adjustments), ZERO)
        return own + sum((a.amount for line in self.service_lines for a in line.adjustments), ZERO)


@dataclass(slots=True)
class ProviderAdjustment:
    """One reason/amount pair of a PLB segment. A positive amount reduces the payment."""

    position: int
    provider_identifier: str  # PLB01
    fiscal_period: datetime.date | None  # PLB02
    code: str  # PLB03-1
    reference: str  # PLB03-2
    amount: Decimal
    ordinal: int = 1  # which of the up to six pairs


@dataclass(slots=True)
class RemittanceHeader:
    """Everything of a transaction that comes before its first claim."""

    control_number: str  # ST02
    usage: str = ""  # ISA15: P production, T test, empty when there is no ISA
    version: str = ""  # ST03, else GS08
    interchange_control_number: str = ""  # ISA13
    sender: str = ""  # ISA06, trimmed
    receiver: str = ""  # ISA08, trimmed
    handling: str = ""  # BPR01
    amount: Decimal = ZERO  # BPR02
    credit_debit: str = ""  # BPR03: C or D
    method: str = ""  # BPR04: ACH, CHK, NON, FWT, BOP
    payment_date: datetime.date | None = None  # BPR16
    trace_number: str = ""  # TRN02
    payer_identifier: str = ""  # TRN03
    payer_supplemental: str = ""  # TRN04
    currency: str = ""  # CUR02
    production_date: datetime.date | None = None  # DTM*405
    receiver_identifier: str = ""  # REF*EV
    payer: Party = field(default_factory=Party)
    payee: Party = field(default_factory=Party)


@dataclass(slots=True)
class RemittanceSummary:
    """What only the end of a transaction can tell."""

    control_number: str
    provider_adjustments: list[ProviderAdjustment] = field(default_factory=list)
    claim_count: int = 0
    charge_total: Decimal = ZERO  # sum of CLP03
    paid_total: Decimal = ZERO  # sum of CLP04
    provider_adjustment_total: Decimal = ZERO  # sum of PLB amounts
    segment_count: int = 0  # segments read, ST and SE included
    findings: list[Finding] = field(default_factory=list)  # envelope, balance, unreadable elements

    @property
    def balanced(self) -> bool:
        """Whether no level failed to balance (see :mod:`.balance` for the codes)."""
        return not any(f.code.startswith("remittance.balance.") for f in self.findings)
