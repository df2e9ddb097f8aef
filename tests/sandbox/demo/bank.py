"""What the group's bank shows on the fourth day: the deposits of the payments that the remittances announce.

::

    python tests/sandbox/demo/bank.py --book BOOK.json --statement FILE.json

Writes a list of ``{"date", "amount", "text", "number"}``. The same book gives the same file, byte for byte.
Payments whose remittance is held are left out: whether they were made is for a person to find out.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from tests import pure

    pure.expose()

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    RemittanceHeader,
    RemittanceSummary,
    read_remittance_file,
)

from tests.sandbox.demo.book import Book
from tests.sandbox.demo.cast import PAYERS
from tests.sandbox.demo.deliveries import deliveries

#: Control numbers of payments that the bank shows otherwise than with their trace number.
WITHOUT_TRACE = "0106"  # it passed no addendum on: amount and date are enough
AMBIGUOUS = "0105"  # nor here, and another credit has the same amount: a person must choose
NOT_YET = "0302"  # it is still on its way


@dataclass(frozen=True)
class Deposit:
    """A credit on the group's bank account.

    :ivar amount: in US dollars
    :ivar text: what the bank passes on, with the trace number of the CCD+ addendum or without
    :ivar number: the bank's own, unique
    """

    date: datetime.date
    amount: Decimal
    text: str
    number: str


def deposits(book: Book) -> list[Deposit]:
    """Return the lines of the bank statement, in the order of their numbers."""
    credits_of = [credit for header in _payments(book) for credit in _credits(header)]
    return [
        Deposit(header.payment_date, header.amount, text, f"SB{header.payment_date:%y%m%d}{number:03}")
        for number, (header, text) in enumerate(credits_of, start=1)
    ]


def write(book: Book, path: Path) -> None:
    """Write the lines of the bank statement as JSON; amounts and dates are texts."""
    lines = [asdict(deposit) for deposit in deposits(book)]
    path.write_text(json.dumps(lines, default=str, indent=1), encoding="utf-8")


def _payments(book: Book) -> Iterator[RemittanceHeader]:
    """Yield the announced payments, each once, of files that can be posted."""
    known, seen = {payer.identifier for payer in PAYERS}, set()
    for day in deliveries(book):
        for file in day:
            for header, summary in _transactions(file.content):
                key = (header.payer_identifier, header.trace_number)
                is_real = header.usage == "P" and header.amount > 0 and summary.balanced
                if is_real and header.payer_identifier in known and key not in seen:
                    seen.add(key)
                    yield header


def _transactions(content: bytes) -> Iterable[tuple[RemittanceHeader, RemittanceSummary]]:
    """Return header and summary of each transaction of a file, nothing for one that cannot be read."""
    found = []
    try:
        for document in read_remittance_file([content]):
            if isinstance(document, RemittanceHeader):
                header = document
            elif isinstance(document, RemittanceSummary):
                found.append((header, document))
    except DocumentError:
        return []
    return found


def _credits(header: RemittanceHeader) -> list[tuple[RemittanceHeader, str]]:
    """Return the credits that one payment leads to on the statement, with their texts."""
    unnamed = f"ACH CREDIT {header.payer.name}"
    if header.control_number == NOT_YET:
        return []
    if header.control_number == AMBIGUOUS:
        return [(header, unnamed), (header, unnamed)]
    if header.control_number == WITHOUT_TRACE:
        return [(header, unnamed)]
    return [(header, f"HCCLAIMPMT TRN*1*{header.trace_number}*{header.payer_identifier} {header.payer.name}")]


def main(arguments: list[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Write the bank statement of the fourth day.")
    parser.add_argument("--book", type=Path, required=True, help="the open invoices, as exported from Odoo")
    parser.add_argument("--statement", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args(arguments)
    write(Book.read(options.book), options.statement)


if __name__ == "__main__":
    main()
