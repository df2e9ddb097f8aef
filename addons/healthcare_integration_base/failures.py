"""Turns whatever a task raises into an error with a class and a text that holds no private data."""

import traceback
from collections.abc import Mapping, Sequence

import psycopg2

from odoo.exceptions import UserError

from .errors import BusinessRuleError, IntegrationError, TransientError

UNEXPECTED_ERROR = "task.unexpected_error"


def as_integration_error(error: Exception) -> IntegrationError:
    """Return the error itself, or one that sums it up.

    Odoo's own refusals are a person's to resolve. What nobody foresaw may pass by itself, so it is
    retried; its text names types and places but not values, since values may be private.
    """
    if isinstance(error, IntegrationError):
        return error
    if isinstance(error, UserError):
        text = str(error.args[0])
        return BusinessRuleError("odoo.refused", text, subject=f"{type(error).__name__}: {text[:200]}")
    place = _place(error)
    return TransientError(
        UNEXPECTED_ERROR,
        f"{type(error).__name__}{_database_text(error)}",
        location=place,
        subject=place.splitlines()[-1] if place else type(error).__name__,
        remedy="Report this to the maintainer of the named module, then retry the task.",
    )


def _place(error: Exception) -> str:
    """Return where the error arose, as ``file:line function`` per frame, without source or values."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return "\n".join(
        f"{frame.filename.rsplit('/addons/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames
    )


def _database_text(error: Exception) -> str:
    """Return PostgreSQL's first line: unlike its detail, that holds no values of the row.

    Only in the class of data exceptions (22) it does, such as the text that is no number.
    """
    if not isinstance(error, psycopg2.Error) or not error.pgcode:
        return ""
    if error.pgcode.startswith("22") or not error.diag.message_primary:
        return f" {error.pgcode}"
    return f" {error.pgcode}: {error.diag.message_primary}"


def storable(value):
    """Return text, or a JSON value with text in it, as PostgreSQL can store it.

    Damaged files put NUL characters and halves of surrogate pairs into what is said about them.

    >>> storable({"found": ["ISA\\0", 1]})
    {'found': ['ISA\ufffd', 1]}
    """
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [storable(item) for item in value]
    return value
