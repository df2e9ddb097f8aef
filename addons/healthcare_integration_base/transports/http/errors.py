"""Turns what the network, TLS and the server say into errors with codes and remedies.

No text here holds a query, a body or a header of an exchange: each may carry a token or private data.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from ...errors import BusinessRuleError, DocumentError, IntegrationError, TransientError
from ..settings import ConfigurationError

#: The code of an error when nobody knows whether the document arrived.
OUTCOME_UNKNOWN = "http.outcome_unknown"
#: The server has not taken the request up: it did not get all of it, or not now, or not so often.
NOT_TAKEN_UP = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
AGAIN = "It is tried again later; if it stays, "
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})")
# X509_V_ERR_*: what OpenSSL asks for with X509_V_FLAG_X509_STRICT alone (x509_vfy.h, check_extensions)
_STRICT_CODES = range(80, 94)
_NO_PATH = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}


class NotConnectedError(TransientError):
    """No connection came about, so nothing was sent: any request may be repeated."""


class LostAnswerError(TransientError):
    """The request was sent, wholly or in part, and its answer is not known."""


class AnswerError(TransientError):
    """The server answered that it cannot do this now.

    :ivar status: HTTP status
    """

    status = 0


class UnreadAnswerError(ConfigurationError):
    """The request was sent, and what came back was not read to its end."""


class _Cause(NamedTuple):
    code: str
    message: str
    expected: str
    remedy: str


_REFUSED = _Cause(
    "http.connection_refused",
    "The host refuses connections on this port",
    "a listening server",
    AGAIN + "check the address, the firewall and whether the partner's server runs.",
)
TIMED_OUT = _Cause(
    "http.timeout",
    "The server did not answer in time",
    "an answer within the endpoint's timeouts",
    AGAIN + "check the firewall, or raise the timeouts.",
)
_UNREACHABLE = _Cause(
    "http.unreachable",
    "The host cannot be reached",
    "a network path to the host",
    AGAIN + "ask who runs the network.",
)
LOST = _Cause(
    "http.connection_lost",
    "The connection was lost before the answer was complete",
    "a complete answer",
    AGAIN + "ask the partner what ended it.",
)
PROTOCOL = _Cause(
    "http.protocol",
    "The server broke the HTTP protocol",
    "an answer that follows the protocol",
    AGAIN + "check the port, or show this text to the partner's support.",
)
_PROXY = _Cause(
    "http.proxy",
    "The proxy does not let us through",
    "a tunnel to the server",
    AGAIN + "check the proxy's address, its credential and what it allows.",
)


def safe_url(url: str) -> str:
    """Return scheme, host, port and path of a URL: no user, password, query or fragment.

    >>> safe_url("https://me:secret@api.example.com:8443/v1/items?token=abc#x")
    'https://api.example.com:8443/v1/items'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def connect_error(error: OSError, place: str) -> IntegrationError:
    """Return the error for a connection that did not come about."""
    if refusal := _TUNNEL_REFUSED.search(str(error)):
        return _tunnel_error(int(refusal[1]), place)
    return made(NotConnectedError, _network_cause(error), place, named(error))


def _tunnel_error(status: int, place: str) -> IntegrationError:
    """Return the error for a proxy that did not connect us; it says so before anything is sent."""
    if status in (401, 403, 407):
        return _not_let_in(407 if status == 401 else status, place, f"{_status_text(status)} from the proxy")
    return made(NotConnectedError, _PROXY, place, _status_text(status))


def tls_error(error: ssl.SSLError, place: str) -> IntegrationError:
    """Return the error for a handshake that failed: most often a certificate that a person must settle."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _STRICT_CODES:
        return _certificate_form(error, place)
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigurationError(
            code="http.certificate_refused",
            message="The server's certificate is not accepted; nothing was sent",
            location=place,
            expected="a valid certificate for this host from a trusted authority",
            found=error.verify_message or "not verified",
            remedy="Ask the partner for a valid certificate; for an authority of their own, "
            "enter its certificate in the endpoint.",
            subject=place,
        )
    reason = (error.reason or "").lower()
    if "alert" in reason and ("certificate" in reason or "unknown_ca" in reason):
        return client_certificate_refused(place, reason)
    return made(NotConnectedError, PROTOCOL, place, f"TLS: {reason or 'the connection ended'}")


def _certificate_form(error: ssl.SSLCertVerificationError, place: str) -> ConfigurationError:
    """Return the error for a certificate that may be genuine, but is not formed as RFC 5280 requires."""
    return ConfigurationError(
        code="http.certificate_form",
        message="The certificate of the server or of its authority lacks what RFC 5280 requires; "
        "nothing was sent",
        location=place,
        expected="certificates with key identifiers, key usage and basic constraints as RFC 5280 has them",
        found=error.verify_message,
        remedy="Ask the partner for certificates of a present form. Until then, enter the partner's "
        "authority in the endpoint (Network, Private authorities) and switch Older certificates on.",
        subject=place,
    )


def client_certificate_refused(place: str, found: str) -> ConfigurationError:
    """Return the error for a server that does not accept who we are."""
    return ConfigurationError(
        code="http.client_certificate_refused",
        message="The server refuses our client certificate",
        location=place,
        expected="a client certificate that the server accepts",
        found=found.replace("_", " "),
        remedy="Enter the certificate that the partner registered, or have the new one registered.",
        subject=place,
    )


def is_later(status: int) -> bool:
    """Tell whether a server answers that it may take the same request another time."""
    return status in NOT_TAKEN_UP or status >= 500


def status_error(status: int, place: str, *, sending: bool, retry_after: float | None) -> IntegrationError:
    """Return the error for an answer that is no success.

    :param sending: whether a document was sent: then the server may mean the document
    :param retry_after: seconds that the server asks us to wait
    """
    found = _status_text(status)
    if is_later(status):
        return _try_later(status, place, found, retry_after)
    if status in (401, 403, 407):
        return _not_let_in(status, place, found)
    if sending and status in (400, 406, 409, 412, 413, 415, 422):
        return DocumentError(
            code="http.document_refused",
            message="The server refuses the document",
            location=place,
            expected="an answer of success",
            found=found,
            remedy="Ask the partner what is wrong with it, correct it, and send it again.",
            subject=place,
        )
    return ConfigurationError(
        code="http.request_refused",
        message="The server refuses the request",
        location=place,
        expected="an answer of success",
        found=found,
        remedy="Correct the path, the method or the parameters in the endpoint.",
        subject=f"{place} {status}",
    )


def answer_too_large(place: str, limit: int) -> UnreadAnswerError:
    """Return the error for an answer of more bytes than the endpoint allows."""
    return UnreadAnswerError(
        code="http.answer_too_large",
        message="The answer is larger than the endpoint allows",
        location=place,
        expected=f"at most {limit} bytes",
        found="more",
        remedy="Ask for smaller pages, or raise the limit in the endpoint.",
        subject=place,
    )


def coding_unknown(place: str, coding: str) -> UnreadAnswerError:
    """Return the error for an answer that is compressed in a way that we do not undo."""
    return UnreadAnswerError(
        code="http.content_coding",
        message="The answer is compressed in a way that was not asked for",
        location=place,
        expected="an answer that is not compressed, or by gzip or deflate",
        found=ascii(coding)[:60],
        remedy="Ask the partner to heed the header Accept-Encoding: identity.",
        subject=place,
    )


def outcome_unknown(place: str, found: str) -> BusinessRuleError:
    """Return the error for a document that may or may not have arrived, and must not be repeated blindly."""
    return BusinessRuleError(
        code=OUTCOME_UNKNOWN,
        message="It is not known whether the document arrived",
        location=place,
        expected="an answer",
        found=found,
        remedy="Ask the partner. Send it again only if it did not arrive. If the partner recognises "
        "repeats by a header, name that header in the endpoint: it is then repeated by itself.",
        subject=place,
    )


def _try_later(status: int, place: str, found: str, retry_after: float | None) -> AnswerError:
    limited = status == 429
    error = AnswerError(
        code="http.rate_limited" if limited else "http.server_error",
        message="The server asks us to slow down" if limited else "The server cannot do this now",
        location=place,
        expected="an answer of success",
        found=found,
        remedy=AGAIN + ("lower the endpoint's rate." if limited else "ask the partner's support."),
        subject=place,
    )
    error.status, error.retry_after = status, retry_after
    return error


def _not_let_in(status: int, place: str, found: str) -> ConfigurationError:
    who = {401: "our credential", 403: "what we may do", 407: "our credential at the proxy"}[status]
    return ConfigurationError(
        code="http.forbidden" if status == 403 else "http.authentication_refused",
        message=f"The server refuses {who}" if status != 407 else f"The proxy refuses {who}",
        location=place,
        expected="to be let in",
        found=found,
        remedy="Correct the credential, or ask the partner for the right that is missing.",
        subject=place,
    )


def _network_cause(error: OSError) -> _Cause:
    if isinstance(error, ConnectionRefusedError):
        return _REFUSED
    if isinstance(error, TimeoutError):
        return TIMED_OUT
    return _UNREACHABLE if error.errno in _NO_PATH else LOST


def named(error: BaseException) -> str:
    """Return what kind of error it is; its text may hold a URL with a query."""
    if isinstance(error, socket.gaierror):
        return "no such name"
    code = getattr(error, "errno", None)
    return errno.errorcode.get(code, type(error).__name__) if code else type(error).__name__


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def made(kind: type[IntegrationError], cause: _Cause, place: str, found: str) -> IntegrationError:
    return kind(
        code=cause.code,
        message=cause.message,
        location=place,
        expected=cause.expected,
        found=found,
        remedy=cause.remedy,
        subject=place,
    )
