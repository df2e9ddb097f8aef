"""Follows the envelopes of a file and checks them: order, trailers, control numbers and counts.

Whoever reads a file tells the tracker each envelope segment and how many others came between; the
tracker knows at any time which interchange, group and transaction is open. What is wrong with a
transaction is in its own findings, what is wrong around transactions in the findings of the file.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from ...errors import Finding
from .delimiters import Delimiters
from .envelope import Group, Interchange, TransactionEnvelope
from .findings import FindingLog
from .reader import Segment
from .values import UnreadableValue, element, parse_date, parse_time, unreadable_finding

ENVELOPE_IDENTIFIERS = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA"})
#: Interchange services that stand beside groups and need no check.
SERVICE_IDENTIFIERS = frozenset({"TA1", "TA3", "ISB", "ISE"})

_RESEND = "Ask the sender whether the file is complete"


@dataclass(slots=True)
class TrackedTransaction:
    """A transaction while it is read; count and findings are final once it is closed."""

    envelope: TransactionEnvelope
    segment_count: int = 1  # ST and SE included
    findings: FindingLog = field(default_factory=FindingLog)


class EnvelopeTracker:
    """The open envelopes of a file, and the checks when they close.

    :ivar position: ordinal of the last segment in its interchange, counting ISA as 1
    :ivar transaction: the open transaction, or None between transactions
    """

    def __init__(self, findings: FindingLog):
        self.findings = findings
        self.position = 0
        self.transaction: TrackedTransaction | None = None
        self._interchange: Interchange | None = None
        self._group: Group | None = None
        self._groups = 0
        self._transactions = 0
        self._delimiters = Delimiters()
        self._alone = False
        self._steps = {
            "ISA": self._open_interchange,
            "GS": self._open_group,
            "ST": self._open_transaction,
            "SE": self._close_transaction,
            "GE": self._close_group,
            "IEA": self._close_interchange,
        }

    def envelope(self, segment: Segment, delimiters: Delimiters) -> None:
        """Take note of one of the six envelope segments."""
        self._delimiters = delimiters
        self.position += 1
        self._steps[segment[0]](segment)

    def inside(self, count: int) -> None:
        """Take note of ``count`` segments of the open transaction."""
        self.position += count
        self.transaction.segment_count += count

    def outside(self, segment: Segment) -> None:
        """Take note of a segment that stands in no transaction."""
        self.position += 1
        if segment[0] not in SERVICE_IDENTIFIERS:
            self.findings.add(
                Finding(
                    code="x12.segment_outside_transaction",
                    message="A segment stands outside of any transaction and was not read",
                    location=self._location(segment[0][:3]),
                    expected="ST, GE or IEA",
                    found=segment[0][:3],
                    remedy=_RESEND,
                )
            )

    def finish(self) -> None:
        """Take note of the end of the source."""
        if self._alone:
            self._end_transaction()
        else:
            self._end_interchange()

    def resume(self, envelope: TransactionEnvelope) -> None:
        """Stand where the file stood in front of this ST, to read the one transaction without its file.

        Trailers of group and interchange are not asked for, and all findings go to one log.
        """
        self._alone = True
        self._interchange = envelope.interchange
        self._group = envelope.group
        self.position = envelope.position - 1

    # interchange

    def _open_interchange(self, segment: Segment) -> None:
        self._end_interchange()
        self.position = 1
        self._groups = 0
        self._interchange = Interchange(
            control_number=element(segment, 13).strip(),
            sender_qualifier=element(segment, 5).strip(),
            sender=element(segment, 6).strip(),
            receiver_qualifier=element(segment, 7).strip(),
            receiver=element(segment, 8).strip(),
            version=element(segment, 12).strip(),
            acknowledgement_requested=element(segment, 14) == "1",
            usage=element(segment, 15).strip(),
            delimiters=self._delimiters,
        )
        self._interchange.created = self._moment(segment, 9)
        if self._interchange.usage not in ("P", "T"):
            self.findings.add(
                Finding(
                    code="x12.usage",
                    message="The interchange says neither production nor test",
                    location=self._location("ISA", 15),
                    expected="P or T",
                    found=self._interchange.usage[:1] or "nothing",
                    remedy="Ask the sender; it is not taken as production",
                    severity="warning",
                )
            )

    def _close_interchange(self, segment: Segment) -> None:
        self._end_group()
        if self._interchange is None:
            self._orphan(segment, "ISA")
            return
        self._compare_count("x12.group_count", segment, self._groups, "groups")
        self._compare_number("x12.interchange_control_number", segment, self._interchange.control_number)
        self._interchange = None

    def _end_interchange(self) -> None:
        self._end_group()
        if self._interchange is not None:
            self._missing("x12.iea_missing", "interchange", self._interchange.control_number, "IEA")
            self._interchange = None

    # group

    def _open_group(self, segment: Segment) -> None:
        self._end_group()
        self._groups += 1
        self._transactions = 0
        self._group = Group(
            functional_identifier=element(segment, 1).strip(),
            sender=element(segment, 2).strip(),
            receiver=element(segment, 3).strip(),
            created=self._moment(segment, 4),
            control_number=element(segment, 6).strip(),
            agency=element(segment, 7).strip(),
            version=element(segment, 8).strip(),
        )

    def _close_group(self, segment: Segment) -> None:
        self._end_transaction()
        if self._group is None:
            self._orphan(segment, "GS")
            return
        self._compare_count("x12.transaction_count", segment, self._transactions, "transactions")
        self._compare_number("x12.group_control_number", segment, self._group.control_number)
        self._group = None

    def _end_group(self) -> None:
        self._end_transaction()
        if self._group is not None:
            self._missing("x12.ge_missing", "group", self._group.control_number, "GE")
            self._group = None

    # transaction

    def _open_transaction(self, segment: Segment) -> None:
        self._end_transaction()
        self._transactions += 1
        self.transaction = TrackedTransaction(
            TransactionEnvelope(
                set_identifier=element(segment, 1).strip(),
                control_number=element(segment, 2).strip(),
                implementation=element(segment, 3).strip(),
                interchange=self._interchange or Interchange(delimiters=self._delimiters),
                group=self._group or Group(),
                position=self.position,
            ),
            findings=self.findings if self._alone else FindingLog(),
        )
        if self._group is None:
            self._headless_transaction()

    def _close_transaction(self, segment: Segment) -> None:
        transaction = self.transaction
        if transaction is None:
            self._orphan(segment, "ST")
            return
        transaction.segment_count += 1
        transaction.findings.extend(_trailer_findings(transaction, segment))
        self.transaction = None

    def _end_transaction(self) -> None:
        transaction = self.transaction
        if transaction is None:
            return
        transaction.findings.add(
            Finding(
                code="x12.se_missing",
                message="The transaction has no trailer: it may be cut off",
                location=f"ST {transaction.envelope.control_number}, segment {transaction.segment_count}",
                expected="SE",
                found="the end of the transaction without it",
                remedy=_RESEND,
            )
        )
        self.transaction = None

    def _headless_transaction(self) -> None:
        self.findings.add(
            Finding(
                code="x12.gs_missing",
                message="A transaction stands outside of any functional group",
                location=self._location("ST"),
                expected="GS",
                found="ST",
                remedy="Tell the sender; the transaction was read",
                severity="warning",
            )
        )

    # findings of the file

    def _compare_count(self, code: str, segment: Segment, counted: int, what: str) -> None:
        stated = element(segment, 1).strip()
        if stated.lstrip("0") != str(counted).lstrip("0") or not stated:
            self.findings.add(
                Finding(
                    code=code,
                    message=f"The trailer states another number of {what} than were read",
                    location=self._location(segment[0], 1),
                    expected=f"{counted} {what}",
                    found=stated[:10] or "nothing",
                    remedy=_RESEND,
                )
            )

    def _compare_number(self, code: str, segment: Segment, opened: str) -> None:
        """Compare control numbers of type N0: leading zeros do not count."""
        closed = element(segment, 2).strip()
        if closed.lstrip("0") != opened.lstrip("0"):
            self.findings.add(
                Finding(
                    code=code,
                    message="The trailer's control number is not that of the header",
                    location=self._location(segment[0], 2),
                    expected=opened,
                    found=closed[:15] or "nothing",
                    remedy=_RESEND,
                    severity="warning",
                )
            )

    def _missing(self, code: str, what: str, control_number: str, trailer: str) -> None:
        self.findings.add(
            Finding(
                code=code,
                message=f"The {what} has no trailer: something may be missing",
                location=f"{what} {control_number}, segment {self.position}",
                expected=trailer,
                found="the end without it",
                remedy=_RESEND,
            )
        )

    def _orphan(self, segment: Segment, header: str) -> None:
        self.findings.add(
            Finding(
                code="x12.trailer_without_header",
                message="A trailer has no header before it",
                location=self._location(segment[0]),
                expected=f"{header} before {segment[0]}",
                found=segment[0],
                remedy=_RESEND,
            )
        )

    def _location(self, identifier: str, index: int = 0) -> str:
        number = self._interchange.control_number if self._interchange else ""
        place = f"interchange {number or '(none)'}, segment {self.position} ({identifier})"
        return f"{place}, {identifier}{index:02}" if index else place

    def _moment(self, segment: Segment, index: int) -> datetime.datetime | None:
        """Return date and time from two neighbouring elements; None, with a finding, if unreadable."""
        texts = element(segment, index), element(segment, index + 1)
        try:
            return datetime.datetime.combine(parse_date(texts[0]), parse_time(texts[1]))
        except UnreadableValue as error:
            wrong = index if error.code == "x12.date" else index + 1
            location = self._location(segment[0], wrong)
            self.findings.add(unreadable_finding(error, element(segment, wrong), location, "warning"))
            return None


def _trailer_findings(transaction: TrackedTransaction, trailer: Segment) -> list[Finding]:
    """Compare SE with what was read of its transaction."""
    opened, counted = transaction.envelope.control_number, transaction.segment_count
    place = f"ST {opened}, segment {counted} (SE)"
    stated, closed = element(trailer, 1).strip(), element(trailer, 2).strip()
    findings = []
    if stated.lstrip("0") != str(counted):
        findings.append(
            Finding(
                code="x12.segment_count",
                message="SE01 states another number of segments than were read",
                location=f"{place}, SE01",
                expected=f"{counted} segments",
                found=stated[:10] or "nothing",
                remedy="If the amounts balance, nothing of weight is missing; tell the sender",
                severity="warning",
            )
        )
    if closed != opened:
        findings.append(
            Finding(
                code="x12.transaction_control_number",
                message="SE02 is not the control number of ST02: two transactions may have been mixed up",
                location=f"{place}, SE02",
                expected=opened,
                found=closed[:9] or "nothing",
                remedy="If the amounts balance, the transaction is whole; tell the sender",
                severity="warning",
            )
        )
    return findings
