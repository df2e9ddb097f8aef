"""The open invoices as the clearing house knows them: exported from Odoo as JSON, read without it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True)
class ClaimLine:
    """A billed service; the charge in US dollars is that of all its units."""

    code: str
    revenue_code: str
    units: int
    charge: Decimal


@dataclass(frozen=True)
class OpenClaim:
    """An open invoice.

    :ivar payer: code of the payer
    :ivar npi: of the facility
    :ivar patient: family name, given name
    :ivar to_patient: the invoice is addressed to the patient
    """

    number: str
    payer: str
    npi: str
    patient: str
    patient_number: str
    to_patient: bool
    service_date: datetime.date
    total: Decimal
    lines: tuple[ClaimLine, ...]


@dataclass(frozen=True)
class Book:
    """All open invoices of the group on a day."""

    as_of: datetime.date
    claims: tuple[OpenClaim, ...]

    def write(self, path: Path) -> None:
        """Write the book as JSON; amounts and dates are texts."""
        content = {"as_of": self.as_of, "claims": [asdict(claim) for claim in self.claims]}
        path.write_text(json.dumps(content, default=str, indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Book:
        """Return the book that :meth:`write` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        as_of = datetime.date.fromisoformat(content["as_of"])
        return cls(as_of, tuple(_claim(values) for values in content["claims"]))


class Pile:
    """Deals the claims of a book, each once, in the order of their numbers."""

    def __init__(self, claims: Iterable[OpenClaim]) -> None:
        self._claims = sorted(claims, key=lambda claim: claim.number)

    def take(self, payer: str, npi: str, count: int, *, to_patient: bool | None = None) -> list[OpenClaim]:
        """Return the next claims of a payer and a facility.

        :param to_patient: only those addressed to the patient, or only those that are not
        :raises LookupError: fewer are left
        """
        wanted = (npi, payer)
        found = [
            claim
            for claim in self._claims
            if (claim.npi, claim.payer) == wanted and to_patient in (None, claim.to_patient)
        ][:count]
        if len(found) < count:
            raise LookupError(f"{payer} has no {count} claims left at {npi}")
        self._claims = [claim for claim in self._claims if claim not in found]
        return found


def _claim(values: dict) -> OpenClaim:
    return OpenClaim(
        **{
            **values,
            "service_date": datetime.date.fromisoformat(values["service_date"]),
            "total": Decimal(values["total"]),
            "lines": tuple(
                ClaimLine(**{**line, "charge": Decimal(line["charge"])}) for line in values["lines"]
            ),
        }
    )
