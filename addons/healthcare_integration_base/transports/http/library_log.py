"""Keeps what addresses and headers may carry out of the log of urllib3, which quotes both."""

from __future__ import annotations

import logging
import re

_LOGGERS = ("urllib3.connection", "urllib3.connectionpool")
_QUERY = re.compile(r"\?.*", re.DOTALL)


class LibraryLogFilter(logging.Filter):
    """Cuts the query from each address, and the quoted headers from each error; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_safe, record.args))
        record.exc_info = record.exc_text = None
        return True


def _safe(argument: object) -> object:
    if isinstance(argument, BaseException):
        return type(argument).__name__
    return _QUERY.sub("?...", argument) if isinstance(argument, str) else argument


_filter = LibraryLogFilter()


def install() -> None:
    """Put the filter on the loggers of urllib3; doing so again changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)
