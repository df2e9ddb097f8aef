"""The error classes of the kernel. Pure Python: formats and transports raise them, the queue sorts them.

What an error is decides what happens next:

=====================  ==========  =====================================================
class                  category    what the queue does
=====================  ==========  =====================================================
TransientError         technical   retries with backoff, then dead letter and exception
DocumentError          data        holds the message: the payload itself is wrong
MappingError           mapping     holds the message until the named code is mapped
BusinessRuleError      business    holds the message until a person decides
=====================  ==========  =====================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a document, in terms a person can check against the file.

    :ivar code: stable identifier in dotted lower case, e.g. ``x12.segment_count``
    :ivar message: one sentence for the person who resolves it; never contains patients' names
    :ivar location: where, e.g. ``ST 0001, segment 42 (CLP), CLP04``
    :ivar expected: what the rule asks for
    :ivar found: what the document holds
    :ivar remedy: what to do about it
    :ivar severity: ``error`` when the document cannot be applied as it is, else ``warning``
    :ivar amount: money at stake, in the document's currency
    """

    code: str
    message: str
    location: str = ""
    expected: str = ""
    found: str = ""
    remedy: str = ""
    severity: str = "error"
    amount: Decimal | None = None

    def as_dict(self) -> dict[str, str]:
        """Return the finding as JSON-ready strings; an absent amount is an empty string."""
        values = asdict(self)
        values["amount"] = "" if self.amount is None else str(self.amount)
        return values


@dataclass(eq=False)
class IntegrationError(Exception):
    """An error that knows its place, its remedy and its cause's identity.

    :ivar code: stable identifier, e.g. ``sftp.host_key_mismatch``
    :ivar message: one sentence; never contains secrets or patients' names
    :ivar subject: what the cause is about (payer id, host, control number): the same code and
        subject in one system are one cause, and so one exception
    :ivar findings: the details, when one error sums up several
    """

    code: str
    message: str
    location: str = ""
    expected: str = ""
    found: str = ""
    remedy: str = ""
    subject: str = ""
    amount: Decimal | None = None
    findings: tuple[Finding, ...] = field(default_factory=tuple)

    category = "technical"

    @classmethod
    def summing_up(cls, findings: Sequence[Finding], subject: str = "") -> IntegrationError:
        """Return an error that is the first finding, and carries all when there are several."""
        first = findings[0]
        return cls(
            code=first.code,
            message=first.message,
            location=first.location,
            expected=first.expected,
            found=first.found,
            remedy=first.remedy,
            subject=subject,
            findings=tuple(findings) if len(findings) > 1 else (),
        )

    def as_finding(self) -> Finding:
        """Return the error as one finding among others."""
        return Finding(
            code=self.code,
            message=self.message,
            location=self.location,
            expected=self.expected,
            found=self.found,
            remedy=self.remedy,
        )

    def __str__(self) -> str:
        parts = [self.message]
        if self.location:
            parts.append(f"at {self.location}")
        if self.expected or self.found:
            parts.append(f"expected {self.expected or '-'}, found {self.found or '-'}")
        if self.remedy:
            parts.append(self.remedy)
        return "; ".join(parts) + f" [{self.code}]"

    def as_text(self) -> str:
        """Return what a screen shows: the message, then place, expected, found and remedy, a line each."""
        details = (
            ("Where", self.location),
            ("Expected", self.expected),
            ("Found", self.found),
            ("What to do", self.remedy),
            ("Code", self.code),
        )
        return "\n".join([self.message, *(f"{title}: {text}" for title, text in details if text)])


class TransientError(IntegrationError):
    """The other side or the network failed; the same attempt may succeed later.

    ``retry_after`` (seconds), when set, overrides the backoff of the retry policy.
    """

    retry_after: float | None = None


class DocumentError(IntegrationError):
    """The payload is wrong; repeating the attempt cannot help."""

    category = "data"


class MappingError(IntegrationError):
    """A code of the document is unknown here; mapping it releases everything that waits for it."""

    category = "mapping"


class BusinessRuleError(IntegrationError):
    """The document is readable, but a person must decide what it means here."""

    category = "business"
