"""What every transport can do, and the register of transports."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from ..errors import IntegrationError, TransientError
from .gate import Gate
from .settings import ConfigurationError

CHUNK_SIZE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file waiting at a partner, as one listing saw it.

    :ivar name: plain file name, no path
    :ivar size: bytes
    :ivar modified: aware datetime by the partner's clock, None when the partner does not say
    :ivar identity: the same text for the same version of the same file, in every listing and
        process; another size or modification time is another version. Store it beside the name:
        :meth:`Transport.fetch` and :meth:`Transport.dispose` refuse a file that has become another.
    """

    name: str
    size: int
    modified: datetime | None
    identity: str


@dataclass(frozen=True, slots=True)
class RefusedName:
    """A name in the inbox that matches the patterns and is not fetched, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The proof of a delivery.

    :ivar size: bytes
    :ivar sha256: hexadecimal digest of what was sent
    :ivar already_there: True when an earlier attempt had delivered the same content
    """

    name: str
    size: int
    sha256: str
    already_there: bool = False


@dataclass(frozen=True, slots=True)
class Disposed:
    """What became of a fetched file.

    :ivar outcome: ``archived``, ``deleted``, ``left``, ``gone`` (somebody else took it, or an
        earlier attempt did) or ``replaced`` (another file has its name now and was not touched)
    :ivar archived_as: path in the archive, else empty
    """

    outcome: str
    archived_as: str = ""


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One line of a "Test connection" dialog.

    :ivar result: ``passed``, ``failed`` or ``skipped`` (an earlier step failed)
    :ivar detail: what was seen, or what went wrong and what to do
    :ivar code: code of the error of a failed step
    """

    name: str
    result: str
    detail: str = ""
    code: str = ""


Step = tuple[str, Callable[[], str]]


class Transport(ABC):
    """One mailbox at a partner. Not thread safe; open it with ``with`` and use it inside.

    Every verb raises :class:`TransientError` when the same attempt may succeed later and
    :class:`ConfigurationError` when a person has to change something first.

    :cvar code: name in the register, prefix of error codes
    :cvar settings_class: frozen dataclass with ``from_values(mapping)``
    :ivar gate: decides whether the partner may be talked to now; set it before opening
    """

    code: ClassVar[str]
    settings_class: ClassVar[type]

    def __init__(self, settings: Any):
        self.settings = settings
        self.gate = Gate()
        self._deadline: float | None = None

    def __enter__(self):
        self.gate.enter()
        try:
            self._admit_opening()
            self.open()
        except BaseException as error:
            self.close()
            self.gate.leave(error)
            raise
        return self

    def __exit__(self, _kind, error, _traceback) -> None:
        self.close()
        self.gate.leave(error)

    def open(self) -> None:
        """Connect and log in. The total time allowed runs from here."""
        self._start_clock()
        try:
            for _name, step in self._opening_steps():
                step()
        except BaseException:
            self.close()
            raise

    def _admit_opening(self) -> None:
        """Count the opening as one request; transports that count each request leave it out."""
        self.gate.admit()

    def close(self) -> None:
        """Hang up; closing twice is fine."""
        self._deadline = None
        self._disconnect()

    def check(self, probe_write: bool = False) -> Sequence[CheckStep]:
        """Try everything a transfer needs, step by step, on a connection of its own.

        Never raises for what the other side does, and writes nothing; with ``probe_write`` an
        empty file is created in the outbox and removed again.
        """
        self.close()
        self._start_clock()
        results = []
        try:
            for name, step in [*self._opening_steps(), *self._check_steps(probe_write)]:
                failed = bool(results) and results[-1].result != "passed"
                results.append(CheckStep(name, "skipped") if failed else _checked(name, step))
        finally:
            self.close()
        return results

    @abstractmethod
    def list(self) -> Sequence[RemoteFile]:
        """Return the files that are ready to be fetched, oldest first."""

    @abstractmethod
    def fetch(self, file: RemoteFile) -> Iterator[bytes]:
        """Yield the content of a listed file in chunks of at most 1 MiB.

        A stream that ends without an error is complete: exactly ``file.size`` bytes of the
        version that was listed. Else it ends with :class:`TransientError`.
        """

    @abstractmethod
    def send(self, name: str, chunks: Iterable[bytes], *, idempotency_key: str = "") -> Sent:
        """Deliver ``chunks`` under ``name``, visible to the partner only when complete.

        :param idempotency_key: the same for every repeat of a document, for partners that know repeats by
            it; mailboxes know them by name and content

        Sending the same content again under the same name succeeds without a second delivery.
        """

    def remove_unfinished(self, name: str) -> None:  # noqa: B027 (only mailboxes hold anything unfinished)
        """Remove what an earlier attempt to send under ``name`` left when its process was killed.

        What the partner does not let us see stays, without an error.
        """

    @abstractmethod
    def dispose(self, file: RemoteFile) -> Disposed:
        """Archive or delete a fetched file, after the commit that made its content ours."""

    @abstractmethod
    def _opening_steps(self) -> Sequence[Step]:
        """Return the steps that connect, in order; each returns what it saw, or raises."""

    @abstractmethod
    def _check_steps(self, probe_write: bool) -> Sequence[Step]:
        """Return the steps of a check that follow the connecting."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Release the connection, if there is one; never raises."""

    def _start_clock(self) -> None:
        self._deadline = time.monotonic() + self.settings.total_timeout

    def _remaining_seconds(self) -> float:
        """Return the seconds left of the total time; :raises TransientError: when none are left."""
        if self._deadline is None:
            raise RuntimeError("A transport is used inside its with block.")
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise self._out_of_time()
        return remaining

    def _out_of_time(self) -> TransientError:
        return TransientError(
            code=f"{self.code}.total_timeout",
            message="The transfer took longer than the endpoint allows",
            location=self._place(),
            expected=f"an end within {self.settings.total_timeout:g} seconds",
            found="still busy",
            remedy="It is tried again later; raise 'total_timeout' if the files are that large.",
            subject=self._place(),
        )

    @abstractmethod
    def _place(self) -> str:
        """Return the address of the mailbox for error texts, without secrets."""


TransportClass = TypeVar("TransportClass", bound=type[Transport])
_register: dict[str, type[Transport]] = {}


def register(transport: TransportClass) -> TransportClass:
    """Make a transport known under its ``code``; usable as a class decorator."""
    known = _register.setdefault(transport.code, transport)
    if known is not transport and known.__qualname__ != transport.__qualname__:
        raise ValueError(f"The transport code {transport.code!r} is taken by {known.__qualname__}.")
    _register[transport.code] = transport
    return transport


def codes() -> tuple[str, ...]:
    """Return the codes of all registered transports, sorted."""
    return tuple(sorted(_register))


def transport_class(code: str) -> type[Transport]:
    """Return the registered class; :raises ConfigurationError: code ``transport.unknown``."""
    with suppress(KeyError):
        return _register[code]
    raise ConfigurationError(
        code="transport.unknown",
        message="There is no transport of this kind",
        expected="one of " + ", ".join(codes()),
        found=code,
        remedy="Choose another transport, or install the addon that brings it.",
        subject=code,
    )


def create(code: str, values: Mapping[str, Any]) -> Transport:
    """Return a transport built from an endpoint's plain values.

    :raises ConfigurationError: the values are wrong; ``findings`` has one entry per setting
    """
    kind = transport_class(code)
    return kind(kind.settings_class.from_values(values))


def _checked(name: str, step: Callable[[], str]) -> CheckStep:
    try:
        return CheckStep(name, "passed", step())
    except IntegrationError as error:
        return CheckStep(name, "failed", str(error), error.code)
