"""What the clearing house delivers on three days; each file tells one story.

Later days refer to earlier ones: a reversal needs the payment that it reverses, a recovery its
announcement. The files of one day may be taken in any order.
"""

from __future__ import annotations

import dataclasses
import datetime
import random
from decimal import Decimal

from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import Claim, Remittance

from .adjudication import (
    FORWARDED,
    Contract,
    denied,
    denied_in_part,
    processed,
    reversed_claim,
    secondary,
)
from .book import Book, OpenClaim, Pile
from .cast import (
    CHILDREN,
    FISCAL_AGENT,
    GENERAL,
    MAPLEWICK,
    ORRENDALE,
    QUILLMARK,
    SURGERY,
    TIDEWAY,
    Facility,
    Payer,
)
from .statements import MailboxFile, delivery, file_name, payment, trace_number

PLAIN = Contract(allowed=Decimal("0.70"))
COINSURANCE = Contract(allowed=Decimal("0.65"), coinsurance=Decimal("0.20"))
COPAYMENT = Contract(allowed=Decimal("0.75"), copayment=Decimal("25.00"))
SEQUESTERED = Contract(allowed=Decimal("0.60"), sequestration=Decimal("0.02"))
ALL_DEDUCTIBLE = Contract(allowed=Decimal("0.55"), deductible=Decimal("1000000"))
REDUCED = Contract(allowed=Decimal("0.50"))

INTEREST = Decimal("12.50")
INTEREST_TAKEN_BACK = Decimal("5.00")
SYSTEM_FEE = Decimal("7.25")
#: A typing error of the payer: two digits of BPR02 swapped.
TRANSPOSED = Decimal("90.00")
_NOISE_BYTES = 400


def deliveries(book: Book) -> list[list[MailboxFile]]:
    """Return the files of each day, the last of which is the day of the book.

    :raises LookupError: the book has too few open claims of a payer
    """
    stories = _Stories(book)
    return [stories.first_day(), stories.second_day(), stories.third_day()]


class _Stories:
    """Tells the stories in order; what later days need is kept."""

    def __init__(self, book: Book) -> None:
        self._pile = Pile(book.claims)
        self._days = [book.as_of - datetime.timedelta(days=back) for back in (2, 1, 0)]
        self._forwarded: list[tuple[OpenClaim, Claim]] = []
        self._corrected: tuple[OpenClaim, Claim]
        self._recovered: Claim
        self._clean: MailboxFile

    def _take(
        self, payer: Payer, facility: Facility, count: int, *, to_patient: bool | None = False
    ) -> list[OpenClaim]:
        return self._pile.take(payer.code, facility.npi, count, to_patient=to_patient)

    def _paid(self, payer: Payer, facility: Facility, count: int, contract: Contract) -> list[Claim]:
        return [processed(claim, contract) for claim in self._take(payer, facility, count)]

    # === FIRST DAY === #

    def first_day(self) -> list[MailboxFile]:
        day = self._days[0]
        self._clean = self._clean_payment(day)
        return [
            self._clean,
            self._denials(day),
            self._interest(day),
            self._several_payers(day),
            self._forwarded_claims(day),
            self._unmatched_claim(day),
            self._unknown_payer(day),
            self._test_file(day),
            self._garbled(day),
        ]

    def _clean_payment(self, day: datetime.date) -> MailboxFile:
        """Every claim is found and paid; some invoices are the patients' own."""
        claims = self._paid(MAPLEWICK, GENERAL, 24, COINSURANCE)
        own = self._take(MAPLEWICK, GENERAL, 6, to_patient=True)
        claims += [processed(claim, COPAYMENT) for claim in own]
        return delivery("MPW", day, 101, [payment(MAPLEWICK, GENERAL, day, 101, claims)])

    def _denials(self, day: datetime.date) -> MailboxFile:
        """Whole claims and single lines denied, and two reasons that no rule covers."""
        reasons = [("CO", "197", "N54"), ("CO", "29", ""), ("CO", "16", "M51"), ("CO", "50", "N115")]
        whole = self._take(TIDEWAY, GENERAL, len(reasons))
        claims = [denied(claim, *reason) for claim, reason in zip(whole, reasons, strict=True)]
        several_lines = [claim for claim in self._take(TIDEWAY, GENERAL, 12) if len(claim.lines) > 1]
        claims += [denied_in_part(claim, PLAIN, "CO", "96", "N130") for claim in several_lines[:2]]
        claims += [denied_in_part(claim, PLAIN, "PR", "96", "N180") for claim in several_lines[2:3]]
        claims += [denied_in_part(claim, PLAIN, "CO", "298") for claim in several_lines[3:4]]
        claims += self._paid(TIDEWAY, GENERAL, 5, PLAIN)
        return delivery("TDW", day, 102, [payment(TIDEWAY, GENERAL, day, 102, claims)])

    def _interest(self, day: datetime.date) -> MailboxFile:
        """A payment with interest; one of its claims is reversed on the second day."""
        invoices = self._take(QUILLMARK, GENERAL, 8)
        claims = [processed(claim, PLAIN) for claim in invoices]
        self._corrected = max(zip(invoices, claims, strict=True), key=lambda pair: pair[1].paid)
        remittance = payment(QUILLMARK, GENERAL, day, 103, claims, [("L6", "INTEREST", -INTEREST)])
        return delivery("QLM", day, 103, [remittance])

    def _several_payers(self, day: datetime.date) -> MailboxFile:
        """Four payments of two payers to two facilities in one file."""
        remittances = []
        for number, (payer, facility) in enumerate(
            [(MAPLEWICK, CHILDREN), (MAPLEWICK, SURGERY), (TIDEWAY, CHILDREN), (TIDEWAY, SURGERY)], start=111
        ):
            claims = self._paid(payer, facility, 7, COPAYMENT if payer is TIDEWAY else COINSURANCE)
            if (payer, facility) == (TIDEWAY, CHILDREN):
                self._recovered = claims[0]
            remittances.append(payment(payer, facility, day, number, claims))
        return delivery("BATCH", day, 104, remittances)

    def _forwarded_claims(self, day: datetime.date) -> MailboxFile:
        """The first payer pays and forwards the claims to the second one."""
        claims = []
        for claim in self._take(MAPLEWICK, SURGERY, 6):
            decided = processed(claim, COINSURANCE, FORWARDED)
            decided.crossover_payer_name = ORRENDALE.name.upper()
            decided.crossover_payer_identifier = ORRENDALE.identifier
            self._forwarded.append((claim, decided))
            claims.append(decided)
        return delivery("MPW", day, 105, [payment(MAPLEWICK, SURGERY, day, 105, claims)])

    def _unmatched_claim(self, day: datetime.date) -> MailboxFile:
        """One claim number is nobody's; another lost its punctuation on the way, which is no obstacle."""
        found, stripped, lost = self._take(QUILLMARK, CHILDREN, 3)
        claims = [
            processed(found, PLAIN),
            processed(stripped, PLAIN, number=stripped.number.replace("-", "").lower()),
            processed(lost, PLAIN, number="OLD-77-4711"),
        ]
        return delivery("QLM", day, 106, [payment(QUILLMARK, CHILDREN, day, 106, claims)])

    def _unknown_payer(self, day: datetime.date) -> MailboxFile:
        """A payer's agent pays under an identifier that nobody has registered."""
        claims = self._paid(ORRENDALE, CHILDREN, 5, SEQUESTERED)
        return delivery("OFA", day, 107, [payment(FISCAL_AGENT, CHILDREN, day, 107, claims)])

    def _test_file(self, day: datetime.date) -> MailboxFile:
        """A test file in the production mailbox."""
        claims = [processed(claim, PLAIN) for claim in self._take(TIDEWAY, SURGERY, 2)]
        return delivery("TDW", day, 108, [payment(TIDEWAY, SURGERY, day, 108, claims)], usage="T")

    def _garbled(self, day: datetime.date) -> MailboxFile:
        """The beginning of a file was destroyed on its way."""
        claims = self._paid(ORRENDALE, GENERAL, 3, SEQUESTERED)
        whole = delivery("ORD", day, 109, [payment(ORRENDALE, GENERAL, day, 109, claims)])
        noise = random.Random(day.toordinal()).randbytes(_NOISE_BYTES)
        return MailboxFile(whole.name, noise + whole.content[_NOISE_BYTES:])

    # === SECOND DAY === #

    def second_day(self) -> list[MailboxFile]:
        day = self._days[1]
        return [
            self._same_file_again(day),
            self._reversal(day),
            self._secondary_payer(day),
            self._balance_forward(day),
            self._deductible(day),
            self._unbalanced(day),
        ]

    def _same_file_again(self, day: datetime.date) -> MailboxFile:
        return MailboxFile(file_name("MPW", day, 201), self._clean.content)

    def _reversal(self, day: datetime.date) -> MailboxFile:
        """A reversal with its correction; what was paid too much is announced and collected later."""
        invoice, original = self._corrected
        correction = processed(invoice, REDUCED)
        claims = [reversed_claim(original), correction, *self._paid(QUILLMARK, GENERAL, 6, PLAIN)]
        announced = [("WO", invoice.number, correction.paid - original.paid)]
        return delivery("QLM", day, 202, [payment(QUILLMARK, GENERAL, day, 202, claims, announced)])

    def _secondary_payer(self, day: datetime.date) -> MailboxFile:
        """The second payer pays what the first one left to the patients."""
        claims = [secondary(claim, primary) for claim, primary in self._forwarded]
        return delivery("ORD", day, 203, [payment(ORRENDALE, SURGERY, day, 203, claims)])

    def _balance_forward(self, day: datetime.date) -> MailboxFile:
        """A claim is taken back, nothing else is due: the debt is carried forward, nothing is paid."""
        taken_back = reversed_claim(self._recovered)
        forward = [("FB", trace_number(TIDEWAY, day, 204), taken_back.paid)]
        return delivery("TDW", day, 204, [payment(TIDEWAY, CHILDREN, day, 204, [taken_back], forward)])

    def _deductible(self, day: datetime.date) -> MailboxFile:
        """Nothing is paid: the patients have not met their deductible."""
        claims = self._paid(TIDEWAY, GENERAL, 4, ALL_DEDUCTIBLE)
        return delivery("TDW", day, 205, [payment(TIDEWAY, GENERAL, day, 205, claims)])

    def _unbalanced(self, day: datetime.date) -> MailboxFile:
        """The payment is not the sum of its claims."""
        remittance = payment(ORRENDALE, GENERAL, day, 206, self._paid(ORRENDALE, GENERAL, 6, SEQUESTERED))
        header = dataclasses.replace(remittance.header, amount=remittance.header.amount + TRANSPOSED)
        return delivery("ORD", day, 206, [dataclasses.replace(remittance, header=header)])

    # === THIRD DAY === #

    def third_day(self) -> list[MailboxFile]:
        day = self._days[2]
        return [self._recovery(day), self._balance_applied(day)]

    def _recovery(self, day: datetime.date) -> MailboxFile:
        """The announced overpayment and some interest are collected, with a fee that no rule covers."""
        invoice, original = self._corrected
        overpaid = original.paid - processed(invoice, REDUCED).paid
        claims = self._paid(QUILLMARK, GENERAL, 6, PLAIN)
        adjustments = [
            ("WO", invoice.number, overpaid),
            ("L6", "INTEREST", INTEREST_TAKEN_BACK),
            ("CS", "SYSTEM FEE", SYSTEM_FEE),
        ]
        return delivery("QLM", day, 301, [payment(QUILLMARK, GENERAL, day, 301, claims, adjustments)])

    def _balance_applied(self, day: datetime.date) -> MailboxFile:
        """The balance carried forward on the second day is set off against new claims."""
        claims = self._paid(TIDEWAY, CHILDREN, 5, PLAIN)
        applied = [("FB", trace_number(TIDEWAY, self._days[1], 204), self._recovered.paid)]
        remittance: Remittance = payment(TIDEWAY, CHILDREN, day, 302, claims, applied)
        return delivery("TDW", day, 302, [remittance])
