"""Turns what the network, the SSH library and the server say into errors with codes and remedies."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import IntegrationError, TransientError
from .settings import ConfigurationError

_NO_PATH = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}


class _Cause(NamedTuple):
    code: str
    message: str
    expected: str
    remedy: str


_AGAIN = "It is tried again later; if it stays, "
_UNKNOWN_HOST = _Cause(
    "sftp.host_unknown",
    "The host name cannot be resolved",
    "an address for the host name",
    _AGAIN + "correct the host name or ask who runs the name service.",
)
_REFUSED = _Cause(
    "sftp.connection_refused",
    "The host refuses connections on this port",
    "a listening SFTP server",
    _AGAIN + "check the port, the firewall and whether the partner's server runs.",
)
_TIMED_OUT = _Cause(
    "sftp.timeout",
    "The server did not answer in time",
    "an answer within the endpoint's timeouts",
    _AGAIN + "check the firewall, or raise the timeouts.",
)
_UNREACHABLE = _Cause(
    "sftp.unreachable",
    "The host cannot be reached",
    "a network path to the host",
    _AGAIN + "ask who runs the network.",
)
_LOST = _Cause(
    "sftp.connection_lost",
    "The connection was lost",
    "an open connection",
    _AGAIN + "ask the partner what ended it.",
)
_NO_BANNER = _Cause(
    "sftp.not_ssh",
    "What listens on this port does not speak SSH",
    "an SSH server's greeting",
    _AGAIN + "check the port, or ask the partner whether the server is overloaded.",
)
_INCOMPATIBLE = _Cause(
    "sftp.incompatible",
    "The server offers only encryption that is not considered safe any more",
    "a common algorithm",
    "Ask the partner to bring the server up to date.",
)
_PROTOCOL = _Cause(
    "sftp.protocol",
    "The server broke the SFTP protocol",
    "an answer that follows the protocol",
    _AGAIN + "show this text to the partner's support.",
)
_UNDECODABLE = _Cause(
    "sftp.undecodable_name",
    "The server uses a file name or text that is not UTF-8",
    "names in UTF-8",
    "Ask the partner to rename the file.",
)


def connection_error(error: Exception, settings, verb: str, alive: bool) -> IntegrationError | None:
    """Return the error of the kernel for ``error``, or None when it is not the connection's fault.

    :param alive: whether the connection still stood when the error came
    """
    import paramiko

    if isinstance(error, IntegrationError):
        return None
    if isinstance(error, UnicodeDecodeError):
        return _made(ConfigurationError, _UNDECODABLE, settings, verb, "other bytes")
    if _is_refusal(error, alive):
        return authentication_refused(settings, getattr(error, "allowed_types", ()))
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return _made(ConfigurationError, _INCOMPATIBLE, settings, verb, _said(error, settings))
    cause = _cause(error, alive)
    return cause and _made(TransientError, cause, settings, verb, _said(error, settings))


def host_key_refused(settings, presented: Sequence[str]) -> ConfigurationError:
    """Return the error for a server whose host key nobody approved; fingerprints are public."""
    found = ", ".join(presented) or "no key of an approved type"
    if not settings.host_keys:
        return ConfigurationError(
            code="sftp.host_key_missing",
            message="No host key is approved for this endpoint",
            location=settings.address,
            expected="an approved host key",
            found=found,
            remedy="Compare this fingerprint with the one the partner gave you by another way; "
            "if they are equal, enter it as the endpoint's host key.",
            subject=settings.address,
        )
    return ConfigurationError(
        code="sftp.host_key_mismatch",
        message="The server's host key is not the approved one; nothing was sent",
        location=settings.address,
        expected=" or ".join(pin.fingerprint for pin in settings.host_keys),
        found=found,
        remedy="Ask the partner whether the key was changed, by another way than this connection; "
        "enter the new fingerprint only after they confirm it.",
        subject=settings.address,
    )


class AuthenticationRefusedError(ConfigurationError):
    """The login was refused; it is not repeated, since partners lock accounts.

    :ivar allowed: the methods that the server names
    """

    allowed: tuple[str, ...] = ()


def authentication_refused(settings, allowed: Sequence[str]) -> AuthenticationRefusedError:
    """Return the error for a refused login."""
    wanted = f"; the server asks for {', '.join(allowed)}" if allowed else ""
    error = AuthenticationRefusedError(
        code="sftp.authentication_refused",
        message="The server refuses the user name or its secret",
        location=settings.address,
        expected="a successful login",
        found=f"refused for {settings.username}{wanted}",
        remedy="Correct the user name, password or key, or ask the partner to unlock the account.",
        subject=settings.address,
    )
    error.allowed = tuple(allowed)
    return error


def no_sftp(settings) -> ConfigurationError:
    """Return the error for an SSH server without SFTP."""
    return ConfigurationError(
        code="sftp.no_sftp",
        message="The server lets us in but offers no SFTP",
        location=settings.address,
        expected="the sftp subsystem",
        found="refused",
        remedy="Ask the partner to enable SFTP for this account.",
        subject=settings.address,
    )


def said(error: Exception, settings) -> str:
    """Return the other side's words, short, printable and without our secrets."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    for secret in (settings.password, settings.passphrase, settings.private_key):
        if secret:
            words = words.replace(secret, "***")
    words = "".join(character if character.isprintable() else " " for character in words).strip()
    return words[:200]


def _is_refusal(error: Exception, alive: bool) -> bool:
    """Tell whether the server answered the login with no, as opposed to hanging or hanging up."""
    import paramiko

    if isinstance(error, paramiko.BadAuthenticationType):
        return True
    return isinstance(error, paramiko.AuthenticationException) and alive and "timeout" not in str(error)


def _cause(error: Exception, alive: bool) -> _Cause | None:
    import paramiko

    if isinstance(error, socket.gaierror):
        return _UNKNOWN_HOST
    if isinstance(error, ConnectionRefusedError):
        return _REFUSED
    if isinstance(error, TimeoutError) or "timeout" in str(error).lower():
        return _TIMED_OUT
    if isinstance(error, OSError) and error.errno in _NO_PATH:
        return _UNREACHABLE
    if isinstance(error, (OSError, EOFError)):
        return _LOST
    if isinstance(error, paramiko.SSHException):
        if "banner" in str(error) or "protocol version" in str(error):
            return _NO_BANNER
        return _PROTOCOL if alive and "dropped" not in str(error) else _LOST
    return _PROTOCOL if isinstance(error, paramiko.sftp.SFTPError) else None


def _said(error: Exception, settings) -> str:
    return said(error, settings) or type(error).__name__


def _made(kind: type[IntegrationError], cause: _Cause, settings, verb: str, found: str) -> IntegrationError:
    return kind(
        code=cause.code,
        message=f"{cause.message} (trying to {verb})",
        location=settings.address,
        expected=cause.expected,
        found=found,
        remedy=cause.remedy,
        subject=settings.address,
    )
