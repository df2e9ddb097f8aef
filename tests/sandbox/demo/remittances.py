"""Write the files of a day into the mailbox of the sandbox clearing house.

::

    python tests/sandbox/demo/remittances.py --book BOOK.json --day 1 --mailbox FOLDER [--except NAME ...]

Prints the names of the files it wrote, one per line. The same book gives the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from tests import pure

    pure.expose()

from tests.sandbox.demo.book import Book
from tests.sandbox.demo.deliveries import deliveries
from tests.sandbox.demo.statements import MailboxFile

#: Ending of a file that is still being written; the mailbox's reader leaves it alone.
UNFINISHED = ".part"


def deliver(book: Book, day: int, mailbox: Path, leave_out: frozenset[str] = frozenset()) -> list[str]:
    """Write the files of a day (1, 2 or 3) into a folder and return their names.

    :param leave_out: names of files that were delivered before
    """
    files = [file for file in deliveries(book)[day - 1] if file.name not in leave_out]
    mailbox.mkdir(parents=True, exist_ok=True)
    for file in files:
        put(file, mailbox)
    return [file.name for file in files]


def main(arguments: list[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Deliver a day's remittance files.")
    parser.add_argument("--book", type=Path, required=True, help="the open invoices, as exported from Odoo")
    parser.add_argument("--day", type=int, choices=(1, 2, 3), required=True)
    parser.add_argument("--mailbox", type=Path, required=True, help="folder to write into")
    parser.add_argument("--except", dest="leave_out", nargs="*", default=[], help="files delivered before")
    options = parser.parse_args(arguments)
    names = deliver(Book.read(options.book), options.day, options.mailbox, frozenset(options.leave_out))
    print("\n".join(names))


def put(file: MailboxFile, mailbox: Path) -> None:
    """Write a file into a folder under its name only when it is complete."""
    unfinished = mailbox / f"{file.name}{UNFINISHED}"
    unfinished.write_bytes(file.content)
    unfinished.rename(mailbox / file.name)


if __name__ == "__main__":
    main()
