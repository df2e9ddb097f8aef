"""Trace numbers in the text of a bank statement line. Pure Python."""

from __future__ import annotations

import re

#: The addendum record of a CCD+ payment repeats the TRN segment: its second element is the trace number.
_TRACE_SEGMENT = re.compile(r"\bTRN\s*\*\s*1\s*\*\s*([^*~\\]+)", re.IGNORECASE)
#: A hyphen goes on with a number: EFT1 is not in EFT1-2.
_WITHIN_NUMBER = "[0-9A-Za-z-]"


def names_trace(text: str, trace_number: str) -> bool:
    """Tell whether a text has a trace number as a whole: ``EFT1`` is not in ``EFT12``."""
    words = trace_number.split()
    if not words:
        return False
    number = r"\s*".join(re.escape(word) for word in words)
    return bool(re.search(f"(?<!{_WITHIN_NUMBER}){number}(?!{_WITHIN_NUMBER})", text, re.IGNORECASE))


def traces_of_addenda(text: str) -> list[str]:
    """Return the trace numbers of the TRN segments that a bank passed on."""
    return [trace.strip() for trace in _TRACE_SEGMENT.findall(text)]
