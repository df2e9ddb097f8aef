"""The filter that takes values out of log records, on the loggers that would show them and on the output."""

from __future__ import annotations

import logging

from .safe_traceback import SUITE, is_sensitive, safe_line, safe_traceback
from .statements import redact_details, redact_logged_query, redact_statement

SQL_LOGGER = "odoo.sql_db"
#: Those of Odoo that log statements, or the errors of whatever code they have run.
LOGGERS = (
    SQL_LOGGER,
    "odoo.http",
    "odoo.service.model",
    "odoo.service.server",
    "odoo.addons.base.models.ir_actions",
    "odoo.addons.base.models.ir_cron",
    "odoo.addons.web.controllers.export",
)
_BAD_QUERY = "bad query: "
_DEBUG_QUERY = "query: "
_MARK = "_integration_redacted"


class RedactingFilter(logging.Filter):
    """Rewrites a record before any handler sees it; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not getattr(record, _MARK, False):
            setattr(record, _MARK, True)
            self._redact(record)
        return True

    def _redact(self, record: logging.LogRecord) -> None:
        shows_statement = self._shows_statement(record)
        if isinstance(record.msg, BaseException):
            record.msg = safe_line(record.msg)
        elif shows_statement and not record.args:
            record.msg = redact_logged_query(str(record.msg))
        elif isinstance(record.msg, str):
            record.msg = redact_details(record.msg)
        record.args = self._safe_arguments(record.args, shows_statement)
        if record.exc_info and record.exc_info[1] is not None and is_sensitive(record.exc_info[1]):
            # Formatters print this text and do not look at the exception, which some of Odoo's code reads.
            record.exc_text = safe_traceback(record.exc_info[1])
        elif record.exc_text:
            record.exc_text = redact_details(record.exc_text)

    @staticmethod
    def _shows_statement(record: logging.LogRecord) -> bool:
        text = record.msg if isinstance(record.msg, str) else ""
        return text.startswith(_BAD_QUERY) or (record.name == SQL_LOGGER and _DEBUG_QUERY in text)

    def _safe_arguments(self, arguments, shows_statement: bool):
        if isinstance(arguments, dict):
            return {key: self._safe_argument(value, shows_statement) for key, value in arguments.items()}
        if isinstance(arguments, tuple):
            return tuple(self._safe_argument(value, shows_statement) for value in arguments)
        return arguments

    @staticmethod
    def _safe_argument(value, is_statement: bool):
        if isinstance(value, BaseException):
            return safe_line(value)
        if is_statement and isinstance(value, (str, bytes)):
            return redact_statement(value)
        return redact_details(value) if isinstance(value, str) else value


_filter = RedactingFilter()


def install() -> None:
    """Put the filter on the output of this process, on Odoo's loggers and on those of the suite.

    May be called again: loggers and handlers that came since get it as well, none gets it twice.
    """
    names = [*LOGGERS, *(name for name in logging.root.manager.loggerDict if name.startswith(SUITE))]
    for logger in map(logging.getLogger, names):
        logger.addFilter(_filter)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_filter)
