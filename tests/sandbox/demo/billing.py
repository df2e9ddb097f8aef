"""What the group has billed and waits for: the same invoices on every run."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from .cast import (
    CHILDREN,
    GENERAL,
    MAPLEWICK,
    ORRENDALE,
    PATIENTS,
    QUILLMARK,
    SERVICES,
    SURGERY,
    TIDEWAY,
    Facility,
    Payer,
    Service,
)

_SEED = 835
#: How many claims each facility has open with each payer: 300 together.
_CLAIMS = {
    GENERAL: {MAPLEWICK: 48, TIDEWAY: 42, QUILLMARK: 36, ORRENDALE: 24},
    CHILDREN: {MAPLEWICK: 30, TIDEWAY: 20, QUILLMARK: 15, ORRENDALE: 15},
    SURGERY: {MAPLEWICK: 30, TIDEWAY: 15, QUILLMARK: 15, ORRENDALE: 10},
}
#: Every so many-th invoice is addressed to the patient instead of the payer.
_PATIENT_EVERY = 6
_OLDEST_DAYS, _NEWEST_DAYS = 120, 21


@dataclass(frozen=True)
class BilledService:
    """One line of an invoice."""

    service: Service
    units: int

    @property
    def charge(self) -> Decimal:
        """Units times price, in US dollars."""
        return self.service.charge * self.units


@dataclass(frozen=True)
class BilledClaim:
    """One invoice.

    :ivar patient: name as in :data:`.cast.PATIENTS`
    :ivar to_patient: addressed to the patient instead of the payer
    """

    number: str
    facility: Facility
    payer: Payer
    patient: str
    to_patient: bool
    service_date: datetime.date
    lines: tuple[BilledService, ...]


def billed_claims(today: datetime.date) -> list[BilledClaim]:
    """Return the claims that are open on a day, all of the last months before it."""
    choose = random.Random(_SEED)
    return [
        claim
        for facility, by_payer in _CLAIMS.items()
        for claim in _claims_of(facility, by_payer, today, choose)
    ]


def _claims_of(
    facility: Facility, by_payer: dict[Payer, int], today: datetime.date, choose: random.Random
) -> Iterator[BilledClaim]:
    ordinal = 0
    for payer, count in by_payer.items():
        for _ in range(count):
            ordinal += 1
            yield BilledClaim(
                number=f"{facility.code}-{today:%y}-{ordinal:05}",
                facility=facility,
                payer=payer,
                patient=choose.choice(PATIENTS),
                to_patient=ordinal % _PATIENT_EVERY == 0,
                service_date=today - datetime.timedelta(days=choose.randint(_NEWEST_DAYS, _OLDEST_DAYS)),
                lines=_lines(choose),
            )


def _lines(choose: random.Random) -> tuple[BilledService, ...]:
    services = choose.sample(SERVICES, choose.choice((1, 2, 2, 3)))
    return tuple(BilledService(service, choose.choice((1, 1, 2, 3))) for service in services)
