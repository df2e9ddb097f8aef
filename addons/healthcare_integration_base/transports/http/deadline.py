"""One end for everything an exchange does: resolving, connecting, agreeing on TLS, sending, each single read.

Timeouts of sockets count from one piece of data to the next: a server that sends a byte every second
never meets them. These sockets ask the deadline before every call.
"""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress


class Deadline:
    """A moment of the monotonic clock, and the longest silence before it.

    :ivar silence: seconds that one read or write may wait
    """

    def __init__(self, total: float, silence: float):
        self._end = time.monotonic() + total
        self.silence = silence

    @property
    def remaining(self) -> float:
        """Seconds that are left, never negative."""
        return max(0.0, self._end - time.monotonic())

    @property
    def expired(self) -> bool:
        return self.remaining <= 0

    def allow(self, longest: float) -> float:
        """Return how long the next step may take; :raises TimeoutError: when no time is left."""
        remaining = self.remaining
        if remaining <= 0:
            raise TimeoutError("the total time is over")
        return min(longest, remaining)


class _WithDeadline:
    """Limits every call of a socket by the deadline that was set on it."""

    deadline: Deadline | None = None

    def _arm(self) -> None:
        if self.deadline is not None:
            self.settimeout(self.deadline.allow(self.deadline.silence))

    def recv(self, *arguments):
        self._arm()
        return super().recv(*arguments)

    def recv_into(self, *arguments):
        self._arm()
        return super().recv_into(*arguments)

    def send(self, *arguments):
        self._arm()
        return super().send(*arguments)

    def sendall(self, *arguments):
        self._arm()
        return super().sendall(*arguments)


class DeadlineSocket(_WithDeadline, socket.socket):
    """A socket that keeps to a deadline."""


class DeadlineSSLSocket(_WithDeadline, ssl.SSLSocket):
    """The same for TLS; ``SSLContext.sslsocket_class`` makes a context create it."""

    def send(self, *arguments):
        """Send; what the server said before it hung up is raised rather than that it did.

        With TLS 1.3 a server refuses a client certificate after the handshake, while the client already
        sends its request.
        """
        try:
            return super().send(*arguments)
        except (ssl.SSLEOFError, ConnectionError):
            with suppress(ssl.SSLEOFError, ConnectionError, TimeoutError):
                self.recv(1)
            raise
