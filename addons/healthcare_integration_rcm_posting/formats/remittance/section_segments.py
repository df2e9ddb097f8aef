"""The segments between claims: sections (LX) and provider adjustments (PLB)."""

from __future__ import annotations

from odoo.addons.healthcare_integration_base.formats.x12 import Segment, element, parse_decimal

from .documents import ProviderAdjustment
from .state import ReaderState, parse_optional_date

#: What may stand where no claim is open, and so ends an open one.
SECTION_IDENTIFIERS = frozenset({"LX", "TS2", "TS3", "CLP", "PLB", "SE"})


def provider_adjustments(state: ReaderState, segment: Segment, position: int) -> None:
    """PLB: up to six adjustments that belong to no claim; more are read as well."""
    provider, period = segment[1], parse_optional_date(segment[2])
    adjustments = []
    for index in range(3, max(len(segment), 4), 2):
        reason, amount = segment[index], element(segment, index + 1)
        if reason or amount:
            code, _, reference = reason.partition(state.component)
            number, ordinal = parse_decimal(amount), (index - 1) // 2
            adjustments.append(
                ProviderAdjustment(position, provider, period, code, reference, number, ordinal)
            )
    state.provider_adjustments += adjustments
    state.provider_adjustment_total += sum(adjustment.amount for adjustment in adjustments)
