"""What the Odoo processes of a test log: a warning or an error that the test does not expect fails it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from provisioning import odoo_log, suite_odoo
from provisioning.odoo_log import Allowance, Entry

_TRACEBACK = "\nTraceback (most recent call last):\n"


def expected(head: str, text: str, reason: str) -> Allowance:
    """Return an entry that a test expects.

    :param head: regular expression of the level and the logger, such as ``ERROR odoo\\.sql_db``
    :param text: regular expression of what stands somewhere in the message
    :param reason: why it is no fault
    """
    return Allowance(re.compile(rf"(?s)\A(?:{head}): .*(?:{text})"), reason)


def assert_quiet(files: Iterable[Path], allowances: Iterable[Allowance] = ()) -> None:
    """Fail on warnings and errors in whole logs, but for those allowed here or for ``./setup/test``."""
    texts = [_read(file, 0)[0] for file in files]
    assert _entries(texts), "nothing was logged: is this the log?"
    _assert_none(texts, allowances)


CONCURRENT = expected(
    r"ERROR odoo\.sql_db",
    r"\nERROR: (could not serialize access due to|deadlock detected|could not obtain lock)\b",
    "Odoo runs what another transaction got in the way of again.",
)
#: Of a server of threads: at its end, whatever a scheduled action is about to do has no connection any more.
STOPPED = expected(
    r"WARNING odoo\.addons\.base\.models\.ir_cron|ERROR odoo\.[\w.]+",
    r"This connection does not belong to the pool|(connection|cursor) already closed",
    "Odoo closes all connections when it is told to end, and does not wait for its scheduled actions.",
)


class OdooLogs:
    """A folder of logs, a file for each process or server, which are read from test to test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True)
        self._places: dict[Path, int] = {}

    def new(self, name: str) -> Path:
        """Make the empty log of one more process."""
        file = self._folder / f"{len(self._files()):04}-{name}.log"
        file.touch(exist_ok=False)
        return file

    def text(self) -> str:
        """Return all that was logged, of the process last that wrote last."""
        files = sorted(self._files(), key=lambda file: file.stat().st_mtime_ns)
        return "".join(_read(file, 0)[0] for file in files)

    def assert_quiet(self, allowances: Iterable[Allowance] = ()) -> None:
        """Fail as :func:`assert_quiet` does; of what was read here before, nothing is read again."""
        texts = []
        for file in sorted(self._files()):
            text, self._places[file] = _read(file, self._places.get(file, 0))
            texts.append(text)
        _assert_none(texts, allowances)

    def _files(self) -> list[Path]:
        return list(self._folder.iterdir())


def _read(file: Path, place: int) -> tuple[str, int]:
    """Return the text of a log from a place on, complete lines only, and the place of its end."""
    with file.open("rb") as log:
        log.seek(place)
        content = log.read()
    text = content.decode(errors="replace")
    return (text if text.endswith("\n") or not text else f"{text}\n"), place + len(content)


def _assert_none(texts: Iterable[str], allowances: Iterable[Allowance]) -> None:
    every = [*odoo_log.read_allowances(suite_odoo.ALLOWANCES), *allowances]
    unexpected = odoo_log.unexpected(map(_as_error, _entries(texts)), every)
    found = [f"{entry.level} {entry.logger}: {entry.message}" for entry in unexpected]
    assert not found, "\n".join(["Odoo logged what was not expected:", *found])


def _entries(texts: Iterable[str]) -> list[Entry]:
    return [entry for text in texts for entry in odoo_log.read_entries(text.split("\n"))]


def _as_error(entry: Entry) -> Entry:
    """Return an error in place of an entry that is followed by the end of a process on an exception."""
    if entry.level == "INFO" and _TRACEBACK in entry.message:
        return Entry("ERROR", entry.logger, entry.message)
    return entry
