"""Which payment a remittance is about, and whether two remittances say the same. Pure Python."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from ..formats.remittance.documents import (
    Claim,
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceSummary,
)

#: What another delivery of the same payment may change: its envelope, places in the file, findings.
_ENVELOPE = {
    RemittanceHeader: {
        "control_number",
        "version",
        "usage",
        "interchange_control_number",
        "sender",
        "receiver",
    },
    ProviderAdjustment: {"ordinal"},
}
_NEVER_CONTENT = {"position", "findings"}


class PaymentIdentity(NamedTuple):
    """What makes a payment one payment; unique among what is posted and not undone.

    :ivar company: company id
    :ivar payer: TRN03
    :ivar payer_supplemental: TRN04
    :ivar content: hash of the content for a payment of zero, because several payers give all those the
        same trace number; else empty
    """

    company: int
    payer: str
    payer_supplemental: str
    trace_number: str
    payment_date: str
    amount: str
    payee: str
    content: str

    @property
    def key(self) -> str:
        """The identity as 64 hexadecimal digits, for a unique index."""
        return hashlib.sha256(repr(tuple(self)).encode()).hexdigest()


class ContentHash:
    """The hash of a remittance's content, fed document by document in the order of the file.

    Two deliveries of a payment with the same content have the same hash, whatever their envelopes.
    """

    def __init__(self, header: RemittanceHeader):
        self._digest = hashlib.sha256()
        self._update(header)

    def add_claim(self, claim: Claim) -> None:
        """Add the next claim."""
        self._update(claim)

    def finish(self, summary: RemittanceSummary) -> str:
        """Add the provider adjustments and return the hash as 64 hexadecimal digits."""
        for adjustment in summary.provider_adjustments:
            self._update(adjustment)
        return self._digest.hexdigest()

    def _update(self, document: object) -> None:
        self._digest.update(repr((type(document).__name__, _canonical(document))).encode())


def payment_identity(company: int, header: RemittanceHeader, content_hash: str) -> PaymentIdentity:
    """Return the identity of the payment of a remittance. ``content_hash`` joins it when nothing is paid."""
    return PaymentIdentity(
        company=company,
        payer=header.payer_identifier,
        payer_supplemental=header.payer_supplemental,
        trace_number=header.trace_number,
        payment_date=header.payment_date.isoformat() if header.payment_date else "",
        amount=_canonical(header.amount),
        payee=header.payee.identifier,
        content="" if header.amount else content_hash,
    )


def differing_fields(first: object, other: object) -> list[str]:
    """Return the names of the fields in which two documents of one type say something else."""
    return [
        name
        for name in _content_fields(type(first))
        if _canonical(getattr(first, name)) != _canonical(getattr(other, name))
    ]


@cache
def _content_fields(document_type: type) -> tuple[str, ...]:
    left_out = _NEVER_CONTENT | _ENVELOPE.get(document_type, set())
    return tuple(field.name for field in fields(document_type) if field.name not in left_out)


def _canonical(value: object) -> object:
    """Return a value whose ``repr`` is the same for the same content: 1.50 and 1.5 are one amount."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return [(key, _canonical(value[key])) for key in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [_canonical(element) for element in value]
    if is_dataclass(value):
        return [_canonical(getattr(value, name)) for name in _content_fields(type(value))]
    raise TypeError(f"No canonical form for {type(value).__name__}")
