"""Payments of the demo's payers, and the files in which the clearing house delivers them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from odoo.addons.healthcare_integration_base.formats.x12 import Delimiters, Group, Interchange
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Claim,
    Party,
    ProviderAdjustment,
    Remittance,
    RemittanceHeader,
    write_remittance_file,
)

from .adjudication import ZERO
from .cast import Facility, Payer

CLEARING_HOUSE_IDENTIFIER = "SANDBOXCH"
GROUP_IDENTIFIER = "LAKESIDEHG"
_DELIVERY_TIME = datetime.time(4, 30)


@dataclass(frozen=True)
class MailboxFile:
    """A file of the mailbox."""

    name: str
    content: bytes


def payment(
    payer: Payer,
    facility: Facility,
    day: datetime.date,
    number: int,
    claims: Sequence[Claim],
    adjustments: Iterable[tuple[str, str, Decimal]] = (),
) -> Remittance:
    """Return a payment that balances.

    :param number: makes control and trace number; unique among the payer's payments of a day
    :param adjustments: code, reference and amount of each PLB; positive reduces the payment
    """
    provider_adjustments = [
        ProviderAdjustment(0, facility.npi, datetime.date(day.year, 12, 31), code, reference, amount, ordinal)
        for ordinal, (code, reference, amount) in enumerate(adjustments, start=1)
    ]
    amount = sum((claim.paid for claim in claims), ZERO)
    amount -= sum((adjustment.amount for adjustment in provider_adjustments), ZERO)
    header = RemittanceHeader(
        control_number=f"{number:04}",
        handling="I" if amount else "H",
        amount=amount,
        credit_debit="C",
        method="ACH" if amount else "NON",
        payment_date=day,
        trace_number=trace_number(payer, day, number),
        payer_identifier=payer.identifier,
        production_date=day,
        payer=_party(payer.name, "XV", payer.identifier[1:], payer.city, payer.state),
        payee=_party(facility.name, "XX", facility.npi, facility.city, "IL"),
    )
    return Remittance(header, claims, provider_adjustments)


def trace_number(payer: Payer, day: datetime.date, number: int) -> str:
    """Return the number of the electronic payment (TRN02)."""
    return f"{payer.code}{day:%y%m%d}{number:04}"


def delivery(
    payer_code: str, day: datetime.date, number: int, remittances: Iterable[Remittance], usage: str = "P"
) -> MailboxFile:
    """Return the file with these payments, named as the clearing house names it.

    :param usage: ISA15, ``P`` for production or ``T`` for test
    """
    created = datetime.datetime.combine(day, _DELIVERY_TIME)
    interchange = Interchange(
        control_number=f"{day:%y%m%d}{number:03}",
        sender_qualifier="ZZ",
        sender=CLEARING_HOUSE_IDENTIFIER,
        receiver_qualifier="ZZ",
        receiver=GROUP_IDENTIFIER,
        created=created,
        version="00501",
        usage=usage,
        delimiters=Delimiters(repetition="^"),
    )
    group = Group(
        "HP", CLEARING_HOUSE_IDENTIFIER, GROUP_IDENTIFIER, created, str(number), "X", "005010X221A1"
    )
    content = b"".join(write_remittance_file(interchange, group, remittances, line_break="\n"))
    return MailboxFile(file_name(payer_code, day, number), content)


def file_name(payer_code: str, day: datetime.date, number: int) -> str:
    """Return a name as in the mailbox: payer or batch, date, serial number."""
    return f"{payer_code}_{day:%Y%m%d}_{number:03}.835"


def _party(name: str, qualifier: str, identifier: str, city: str, state: str) -> Party:
    return Party(
        name=name.upper(),
        qualifier=qualifier,
        identifier=identifier,
        address=("1 SANDBOX WAY",),
        city=city.upper(),
        state=state,
        postal_code="00000",
    )
