"""Generates large, balanced 835 files for the benchmarks, always the same ones for the same size.

20,000 claims are about 9 MB, 220,000 about 100 MB. Charges come from a charge master of 2,000 procedures,
what the payer allows is random to the cent.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from odoo.addons.healthcare_integration_base.formats.x12 import Delimiters, Group, Interchange
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Adjustment,
    Claim,
    Party,
    ProviderAdjustment,
    Remittance,
    RemittanceHeader,
    ServiceLine,
    write_remittance_file,
)

_CREATED = datetime.datetime(2026, 3, 2, 6, 30)
_FIRST_SERVICE = datetime.date(2026, 1, 5)
_PROCEDURES = 2_000
_LINES = (2, 3, 3, 3, 4)  # service lines of a claim, in turn
_FAMILY_NAMES = ("ALDER", "BIRCH", "CEDAR", "DOGWOOD", "ELM", "FIR", "GINKGO", "HAZEL", "IRONWOOD", "JUNIPER")
_GIVEN_NAMES = ("ADA", "BEA", "CARL", "DORA", "EMIL", "FAYE", "GUS", "HAL", "IDA", "JON")


def write_benchmark_file(path: Path, claims: int, transactions: int = 1) -> None:
    """Write a file of ``claims`` balanced claims, about 460 bytes and 21 segments each.

    :param transactions: the payments that the claims are spread over
    """
    interchange = Interchange(
        control_number="000000101",
        sender_qualifier="ZZ",
        sender="BENCHPAYER",
        receiver_qualifier="ZZ",
        receiver="BENCHHOSPITAL",
        created=_CREATED,
        version="00501",
        usage="T",
        delimiters=Delimiters(repetition="^"),
    )
    group = Group("HP", "BENCHPAYER", "BENCHHOSPITAL", _CREATED, "101", "X", "005010X221A1")
    sizes = [claims // transactions + (index < claims % transactions) for index in range(transactions)]
    remittances = (_remittance(index, size) for index, size in enumerate(sizes, start=1))
    with path.open("wb") as file:
        file.writelines(write_remittance_file(interchange, group, remittances))


def _remittance(index: int, size: int) -> Remittance:
    """Return a payment whose claims are generated while they are written; its total is found beforehand."""

    def claims() -> Iterator[Claim]:
        payer = _Payer(index)
        return (payer.claim(index * 10_000_000 + number) for number in range(size))

    interest = Decimal("-12.50")
    paid = sum((claim.paid for claim in claims()), Decimal(0))
    header = RemittanceHeader(
        control_number=f"{index:04}",
        handling="I",
        amount=paid - interest,
        credit_debit="C",
        method="ACH",
        payment_date=datetime.date(2026, 3, 4),
        trace_number=f"EFT{index:07}",
        payer_identifier="1999999999",
        production_date=datetime.date(2026, 3, 2),
        payer=Party(
            name="BENCHMARK HEALTH PLAN",
            qualifier="XV",
            identifier="99999",
            contact="PROVIDER SERVICES",
            address=("1 PAYER PLAZA",),
            city="DULUTH",
            state="MN",
            postal_code="55802",
        ),
        payee=Party(name="BENCHMARK HOSPITAL", qualifier="XX", identifier="1999999976"),
    )
    fiscal_year_end = datetime.date(2026, 12, 31)
    adjustment = ProviderAdjustment(0, "1999999976", fiscal_year_end, "L6", "INTEREST", interest)
    return Remittance(header, claims(), [adjustment])


class _Procedure(NamedTuple):
    code: str
    charge: Decimal


class _Payer:
    """Makes claims at random, the same ones for the same seed."""

    def __init__(self, seed: int):
        self._source = random.Random(seed)
        self._charge_master = [self._procedure() for _ in range(_PROCEDURES)]

    def _procedure(self) -> _Procedure:
        return _Procedure(f"{self._source.randrange(10_000, 99_999)}", self._amount(2_500, 90_000))

    def claim(self, number: int) -> Claim:
        source = self._source
        day = _FIRST_SERVICE + datetime.timedelta(days=source.randrange(50))
        lines = [self._service_line(day, ordinal) for ordinal in range(1, _LINES[number % len(_LINES)] + 1)]
        adjustments = [adjustment for line in lines for adjustment in line.adjustments]
        return Claim(
            position=0,
            claim_id=f"HSP{number:09}",
            status=source.choice(("1", "1", "1", "2", "19")),
            charge=sum((line.charge for line in lines), Decimal(0)),
            paid=sum((line.paid for line in lines), Decimal(0)),
            patient_responsibility=sum((a.amount for a in adjustments if a.group == "PR"), Decimal(0)),
            filing_indicator="12",
            payer_claim_number=f"26061{number:010}",
            facility_type="11",
            frequency="1",
            patient_name=f"{source.choice(_FAMILY_NAMES)}, {source.choice(_GIVEN_NAMES)}",
            patient_identifier=f"W{source.randrange(10**8, 10**9)}",
            rendering_provider="1999999984",
            statement_from=day,
            statement_to=day,
            service_lines=lines,
        )

    def _service_line(self, day: datetime.date, ordinal: int) -> ServiceLine:
        code, charge = self._source.choice(self._charge_master)
        allowed = self._share(charge, 30, 95)
        adjustments = [Adjustment("CO", "45", charge - allowed), *self._patient_share(allowed)]
        return ServiceLine(
            position=0,
            qualifier="HC",
            code=code,
            modifiers=("25",) if self._source.random() < 0.2 else (),
            charge=charge,
            paid=charge - sum(adjustment.amount for adjustment in adjustments),
            units=Decimal(1),
            control_number=f"{ordinal:04}",
            service_date=day,
            adjustments=adjustments,
            amounts={"B6": allowed},
        )

    def _patient_share(self, allowed: Decimal) -> list[Adjustment]:
        """Return coinsurance of a fifth, a deductible of any amount, or nothing."""
        kind = self._source.random()
        if kind < 0.45:
            return [Adjustment("PR", "2", self._share(allowed, 20, 21))]
        if kind < 0.60:
            return [Adjustment("PR", "1", self._amount(1, int(allowed * 100)))]
        return []

    def _amount(self, low: int, high: int) -> Decimal:
        """Return an amount between two numbers of cents."""
        return Decimal(self._source.randrange(low, high)) / 100

    def _share(self, amount: Decimal, low: int, high: int) -> Decimal:
        """Return a percentage between ``low`` and below ``high`` of an amount, rounded to cents."""
        return (amount * self._source.randrange(low, high) / 100).quantize(Decimal("0.01"))
