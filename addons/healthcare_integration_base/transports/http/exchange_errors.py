"""Turns what the HTTP libraries raise during an exchange into errors of the kernel."""

from __future__ import annotations

import ssl

import requests
import urllib3

from ...errors import IntegrationError
from ..settings import ConfigurationError
from .errors import LOST, PROTOCOL, TIMED_OUT, LostAnswerError, made, named, tls_error


def exchange_error(error: Exception, place: str) -> IntegrationError:
    """Return the error for what the libraries raised during an exchange."""
    for cause in _chain(error):
        if isinstance(cause, IntegrationError):
            return cause
        if isinstance(cause, ssl.SSLError):
            return _ssl_exchange_error(cause, place)
    for cause in _chain(error):
        if isinstance(cause, (urllib3.exceptions.TimeoutError, TimeoutError)):
            return made(LostAnswerError, TIMED_OUT, place, "no answer")
        if isinstance(cause, (urllib3.exceptions.IncompleteRead, OSError)) and not isinstance(
            cause, requests.exceptions.RequestException
        ):
            return made(LostAnswerError, LOST, place, named(cause))
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return ConfigurationError(
            code="http.address",
            message="The address cannot be used",
            location=place,
            expected="a URL",
            found="none",
            remedy="Correct the addresses of the endpoint.",
            subject=place,
        )
    return made(LostAnswerError, PROTOCOL, place, type(error).__name__)


def _ssl_exchange_error(error: ssl.SSLError, place: str) -> IntegrationError:
    """TLS 1.3 refuses a client certificate only after the handshake, on the first read."""
    translated = tls_error(error, place)
    if isinstance(translated, ConfigurationError):
        return translated
    return made(LostAnswerError, LOST, place, f"TLS: {(error.reason or 'ended').lower()}")


def _chain(error: BaseException):
    """Yield the error and those that it was made of, also where libraries keep them as arguments."""
    seen = []
    pending = [error]
    while pending:
        current = pending.pop(0)
        if any(current is known for known in seen):
            continue
        seen.append(current)
        yield current
        candidates = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        pending += [candidate for candidate in candidates if isinstance(candidate, BaseException)]
