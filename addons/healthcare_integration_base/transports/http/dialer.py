"""Connects to an address that was checked, and to no other: names are resolved here, once per connection."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..settings import ConfigurationError
from .address_guard import AddressGuard
from .deadline import Deadline, DeadlineSocket
from .errors import AGAIN, NotConnectedError, connect_error

Resolver = Callable[[str, int], Sequence[tuple]]


class Candidate(NamedTuple):
    """One address of a host.

    :ivar family: of the socket
    :ivar target: what ``socket.connect`` takes
    :ivar refusal: why it must not be connected to; empty when it may
    """

    family: int
    target: tuple
    refusal: str

    @property
    def text(self) -> str:
        return self.target[0]


def resolve(host: str, port: int) -> Sequence[tuple]:
    """Return what the system's resolver says, in the shape of ``socket.getaddrinfo``."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Dialer:
    """Makes the connections of one exchange.

    :param guard: decides on addresses
    :param connect_timeout: seconds for resolving and connecting
    :param resolver: returns the addresses of a name, as :func:`resolve`
    """

    def __init__(self, guard: AddressGuard, connect_timeout: float, deadline: Deadline, resolver=resolve):
        self.guard = guard
        self.connect_timeout = connect_timeout
        self.deadline = deadline
        self._resolver: Resolver = resolver

    def candidates(self, host: str, port: int) -> list[Candidate]:
        """Return the addresses of a host, each with what the guard says of it.

        :raises TransientError: code ``http.host_unknown`` or ``http.timeout``
        """
        candidates = []
        for family, _kind, _protocol, _name, target in self._resolve(host, port):
            refusal = self.guard.refusal(ipaddress.ip_address(target[0].partition("%")[0]))
            candidates.append(Candidate(family, target, refusal))
        return candidates

    def allowed(self, host: str, port: int) -> list[Candidate]:
        """Return the addresses that may be connected to.

        :raises ConfigurationError: code ``http.address_refused`` when there is none
        """
        candidates = self.candidates(host, port)
        allowed = [candidate for candidate in candidates if not candidate.refusal]
        if not allowed:
            raise _address_refused(host, candidates)
        return allowed

    def require_all_allowed(self, host: str, port: int) -> None:
        """Refuse a host of which one address is refused: a proxy chooses among them by itself.

        :raises ConfigurationError: code ``http.address_refused``
        """
        if refused := [candidate for candidate in self.candidates(host, port) if candidate.refusal]:
            raise _address_refused(host, refused)

    def connect(self, host: str, port: int) -> DeadlineSocket:
        """Return a connection to the first allowed address that answers."""
        place = f"{host}:{port}"
        end = time.monotonic() + self.connect_timeout
        failure: OSError = TimeoutError("no time left")
        for candidate in self.allowed(host, port):
            remaining = end - time.monotonic()
            if remaining <= 0 or self.deadline.expired:
                break
            connection = DeadlineSocket(candidate.family, socket.SOCK_STREAM)
            try:
                connection.settimeout(self.deadline.allow(remaining))
                connection.connect(candidate.target)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # the handshake of TLS, which follows, shares the time for connecting
                connection.settimeout(self.deadline.allow(max(end - time.monotonic(), 0.001)))
                connection.deadline = self.deadline
                return connection
            except OSError as error:
                connection.close()
                failure = error
        raise connect_error(failure, place)

    def _resolve(self, host: str, port: int) -> Sequence[tuple]:
        """Resolve in a thread that may be left behind: the system's resolver takes no timeout."""
        answer: list = []

        def work() -> None:
            try:
                answer.append(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                answer.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(min(self.connect_timeout, self.deadline.remaining))
        if not answer:
            raise connect_error(TimeoutError("the name service did not answer"), f"{host}:{port}")
        if isinstance(answer[0], Exception) or not answer[0]:
            raise _host_unknown(host) from (answer[0] or None)
        return answer[0]


def _host_unknown(host: str) -> NotConnectedError:
    return NotConnectedError(
        code="http.host_unknown",
        message="The host name cannot be resolved",
        location=host,
        expected="an address for the host name",
        found="none",
        remedy=AGAIN + "correct the host name or ask who runs the name service.",
        subject=host,
    )


def _address_refused(host: str, candidates: Sequence[Candidate]) -> ConfigurationError:
    kinds = sorted({candidate.refusal for candidate in candidates})
    return ConfigurationError(
        code="http.address_refused",
        message="The host leads to an address that may not be connected to; nothing was sent",
        location=host,
        expected="a public address, or one that an administrator allows",
        found=" and ".join(kinds),
        remedy="Correct the address, or have an administrator of Odoo allow its network in the endpoint.",
        subject=host,
    )
