"""Turns whatever a task raises into an error with a class and a text that holds no private data."""

import traceback

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
        return BusinessRuleError("odoo.refused", str(error.args[0]), subject=type(error).__name__)
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
    """Return PostgreSQL's first line: unlike its detail, that holds no values of the row."""
    if isinstance(error, psycopg2.Error) and error.diag.message_primary:
        return f" {error.pgcode}: {error.diag.message_primary}"
    return ""
