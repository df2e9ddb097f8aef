"""In what two deliveries of one payment differ first. Pure Python.

The texts carry claim numbers, codes and amounts; of anything else they only name the field.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from ..formats.remittance.documents import (
    Claim,
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceSummary,
)
from .figures import Figures
from .identity import differing_fields

Document = RemittanceHeader | Claim | RemittanceSummary
Content = RemittanceHeader | Claim | ProviderAdjustment


def first_difference(first: Iterable[Document], other: Iterable[Document]) -> tuple[str, str] | None:
    """Return what the two say where they differ first, None when they say the same."""
    for own, others in zip_longest(_contents(first), _contents(other)):
        if own is None or others is None or type(own) is not type(others):
            return _named(own), _named(others)
        if names := differing_fields(own, others):
            return _compared(own, others, names)
    return None


def _contents(documents: Iterable[Document]) -> Iterable[Content]:
    for document in documents:
        if isinstance(document, RemittanceSummary):
            yield from document.provider_adjustments
        else:
            yield document


def _named(content: Content | None) -> str:
    if isinstance(content, Claim):
        return f"claim {content.claim_id}, status {content.status}, paid {content.paid}"
    if isinstance(content, ProviderAdjustment):
        return f"provider adjustment {content.code} {content.reference} {content.amount}"
    return "nothing more" if content is None else "the payment itself"


def _compared(own: Content, others: Content, names: list[str]) -> tuple[str, str]:
    named = _named(own), _named(others)
    if isinstance(own, Claim) and own.claim_id == others.claim_id:
        figures = Figures.of(own).differences(Figures.of(others))
        named = tuple(
            f"{name}, {figure}" if figure else name for name, figure in zip(named, figures, strict=True)
        )
    if named[0] != named[1]:
        return named
    listed = ", ".join(names)
    return f"{named[0]}, {listed}", f"{named[1]}, other {listed}"
