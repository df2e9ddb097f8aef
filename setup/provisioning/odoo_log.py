"""Read Odoo's log: the results of its tests, and the warnings and errors that nobody expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \d+ "
    r"(?P<level>DEBUG|INFO|RUNBOT|WARNING|ERROR|CRITICAL) (?P<database>\S+) (?P<logger>[\w.]+): "
    r"(?P<message>.*)$"
)
_PERFORMANCE = re.compile(r" (?:- - -|\d+ [\d.]+ [\d.]+)$", re.MULTILINE)
_STARTED = re.compile(r"^Starting (?P<test>\S+) \.\.\.")
_SKIPPED = re.compile(r"^skipped (?P<test>.+?) : (?P<reason>.*)", re.DOTALL)
_BROKEN = re.compile(r"^(?:FAIL|ERROR): (?:Subtest )?(?P<test>setUpClass \S+|tearDownClass \S+|\S+)")
_SUMMARY = re.compile(
    r"^(?P<failed>\d+) failed, (?P<errors>\d+) error\(s\) of (?P<run>\d+) tests when loading"
)
_DURATION = re.compile(r"^\t[\w.]+\.(?P<test>\w+\.\w+): (?P<seconds>[\d.]+)s \d+ queries$", re.MULTILINE)
_SUSPECT = ("WARNING", "ERROR", "CRITICAL")


@dataclass
class Entry:
    """One entry of the log, its following lines (a traceback, for example) included."""

    level: str
    logger: str
    message: str


@dataclass(frozen=True)
class Allowance:
    """A log entry that says something about the machine and nothing about the suite.

    :param pattern: searched in ``LEVEL logger: message``
    :param reason: why it is no fault of the suite
    """

    pattern: re.Pattern[str]
    reason: str


@dataclass
class TestResults:
    """What Odoo's test runner reported.

    :param run: names of the tests that were started
    :param broken: name of each failed test -> its tracebacks
    :param skipped: name -> reason
    :param seconds: name -> duration
    :param complete: the runner reached its summary, and the summary agrees
    """

    run: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    complete: bool = False


def read_entries(lines: Iterable[str]) -> Iterator[Entry]:
    """Yield the log's entries; what a program printed before the first one is dropped."""
    entry: Entry | None = None
    for line in lines:
        head = _HEAD.match(line.rstrip("\n"))
        if head:
            if entry:
                yield _without_performance(entry)
            entry = Entry(head["level"], head["logger"], head["message"])
        elif entry:
            entry.message += "\n" + line.rstrip("\n")
    if entry:
        yield _without_performance(entry)


def _without_performance(entry: Entry) -> Entry:
    entry.message = _PERFORMANCE.sub("", entry.message, count=1).rstrip()
    return entry


def test_results(entries: Iterable[Entry]) -> TestResults:
    """Collect the results of a run with Odoo's test runner."""
    results = TestResults()
    for entry in entries:
        if match := _SUMMARY.match(entry.message):
            results.complete = int(match["run"]) == len(results.run) and (
                bool(results.broken) or int(match["failed"]) + int(match["errors"]) == 0
            )
        elif match := _STARTED.match(entry.message):
            results.run.append(match["test"])
        elif match := _SKIPPED.match(entry.message):
            results.skipped[match["test"]] = match["reason"]
        elif is_test_failure(entry):
            name = _BROKEN.match(entry.message)["test"]
            results.broken[name] = "\n".join(filter(None, (results.broken.get(name), entry.message)))
        elif entry.logger == "odoo.tests.stats":
            for match in _DURATION.finditer(entry.message):
                results.seconds[match["test"]] = float(match["seconds"])
    return results


def is_test_failure(entry: Entry) -> bool:
    """Tell whether the entry is the runner's own report of a failed test."""
    return entry.level == "ERROR" and _BROKEN.match(entry.message) is not None


def unexpected(entries: Iterable[Entry], allowances: Iterable[Allowance]) -> list[Entry]:
    """Return the warnings and errors that are neither allowed nor reports of failed tests, each text once."""
    allowances = list(allowances)
    found: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        text = f"{entry.level} {entry.logger}: {entry.message}"
        if entry.level not in _SUSPECT or _reports_result(entry):
            continue
        if not any(allowance.pattern.search(text) for allowance in allowances):
            found.setdefault((entry.logger, entry.message), entry)
    return list(found.values())


def _reports_result(entry: Entry) -> bool:
    of_runner = entry.logger in ("odoo.tests.result", "odoo.service.server", "odoo.modules.loading")
    counted = _SUMMARY.match(entry.message) or re.match(
        r"^Module \S+: \d+ failures, \d+ errors of", entry.message
    )
    return is_test_failure(entry) or (of_runner and counted is not None)


def read_allowances(file: Path) -> list[Allowance]:
    """Read the file of allowed entries: lines of ``pattern``, each below the comment that gives its reason.

    :raises ValueError: a pattern has no reason, or is no regular expression
    """
    allowances, reason = [], ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            reason = line.lstrip("# ")
        elif line.strip():
            if not reason:
                raise ValueError(f"{file}, line {number}: a pattern without a comment that says why")
            try:
                allowances.append(Allowance(re.compile(line.strip()), reason))
            except re.error as error:
                raise ValueError(f"{file}, line {number}: {error}") from error
            reason = ""
    return allowances
