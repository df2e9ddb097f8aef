"""Exceptions as text that holds no values: type, place and, where it is known to be safe, the message."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import TracebackType

import psycopg2

from ..errors import IntegrationError
from .statements import redact_error

SUITE = "odoo.addons.healthcare_integration_"
TEXT_WITHHELD = "(text withheld)"
_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def safe_text(error: BaseException) -> str:
    """Return an exception's message without values.

    The errors of the suite are written for people and hold none; of PostgreSQL's, the values go. The text
    of any other exception that passed through the suite's code may be anything, a patient's name as well;
    so may that of one which followed from such an error, since it often quotes it.
    """
    if isinstance(error, psycopg2.Error):
        return redact_error(error)
    if isinstance(error, IntegrationError):
        return str(error)
    return TEXT_WITHHELD if any(map(_may_hold_values, _chain(error))) else str(error)


def safe_line(error: BaseException) -> str:
    """Return an exception for a line of the log: its message, or if that is withheld its type and place.

    The place is the last line of the suite that it passed through, where whoever looks for it begins.
    """
    text = safe_text(error)
    if text != TEXT_WITHHELD:
        return text
    places = map(_place_in_suite, _chain(error))
    return " ".join(filter(None, (_type_name(error), next(filter(None, places), ""), TEXT_WITHHELD)))


def _place_in_suite(error: BaseException) -> str:
    """Return e.g. ``at healthcare_integration_base/models/x.py:12``; empty outside the suite."""
    frames = [step for step in _steps(error.__traceback__) if _is_of_suite(step)]
    if not frames:
        return ""
    innermost = frames[-1]
    module = innermost.tb_frame.f_globals["__name__"].removeprefix("odoo.addons.").replace(".", "/")
    return f"at {module}.py:{innermost.tb_lineno}"


def _may_hold_values(error: BaseException) -> bool:
    if isinstance(error, IntegrationError):
        return False
    return isinstance(error, psycopg2.Error) or _passed_through_suite(error)


def is_sensitive(error: BaseException) -> bool:
    """Tell whether the text of an exception, or of one that led to it, may hold values."""
    return any(safe_text(link) != str(link) for link in _chain(error))


def safe_traceback(error: BaseException) -> str:
    """Return an exception and what led to it, as Python prints it, without values."""
    parts = []
    for link in reversed(list(_chain(error))):
        if link.__traceback__:
            parts.append("Traceback (most recent call last):\n")
            parts += traceback.format_tb(link.__traceback__)
        parts.append(f"{_type_name(link)}: {safe_text(link)}\n")
        if link is not error:
            parts.append(_link_text(link, error))
    return "".join(parts).rstrip("\n")


def _link_text(link: BaseException, last: BaseException) -> str:
    causes = {id(other.__cause__) for other in _chain(last) if other.__cause__}
    return _CAUSE if id(link) in causes else _CONTEXT


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that led to it, as Python would print them, the last one first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _passed_through_suite(error: BaseException) -> bool:
    return any(map(_is_of_suite, _steps(error.__traceback__)))


def _is_of_suite(step: TracebackType) -> bool:
    return step.tb_frame.f_globals.get("__name__", "").startswith(SUITE)


def _steps(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
