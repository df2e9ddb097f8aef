"""Applies a compiled mapping to records: all errors of a record at once, crosswalks a chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ...errors import IntegrationError, MappingError
from ..date_patterns import InvalidValue
from ..records import SourceRecord
from ..value_types import plain_text
from .compiler import Step, compile_steps, is_empty
from .paths import JsonPaths, PathLanguage
from .problems import invalid_value, missing_value, summed_up, unknown_code
from .rules import Rule

CHUNK_SIZE = 500
MOST_ERRORS = 50  # of one record, that are kept
MOST_CODES = 100_000  # that are remembered between chunks

Lookup = Callable[[str, Collection[str]], Mapping[str, object]]
"""``(crosswalk, codes) -> {code: value}``: called once per crosswalk and chunk, with the codes that are new.

A MappingError as a value says why that code has none; a code that is left out is unknown.
"""


@dataclass(slots=True)
class MappedRecord:
    """What became of one record: ``values``, or the ``error`` that sums up all that is wrong with it."""

    number: int
    location: str
    values: dict | None
    error: IntegrationError | None = None


@dataclass(slots=True)
class LineOutcome:
    """What one line did to one record, for a person to look at."""

    target: str
    source: str
    is_private: bool
    raw: object
    value: object = None
    error: IntegrationError | None = None


@dataclass(slots=True)
class _Run:
    """What arises while one record is filled; errors are told in the order of the lines.

    :ivar pending: where a code was met, among errors and codes, and what it is for
    """

    location: str
    errors: list[tuple[int, MappingError]] = field(default_factory=list)
    error_count: int = 0
    pending: list[tuple[int, dict, Step, str, str]] = field(default_factory=list)

    def refuse(self, error: MappingError, order: int | None = None) -> None:
        if len(self.errors) < MOST_ERRORS:
            error.location = f"{self.location}, {error.location}" if self.location else error.location
            self.errors.append((self._order() if order is None else order, error))
        self.error_count += 1

    def await_code(self, container: dict, step: Step, code: str, place: str) -> None:
        self.pending.append((self._order(), container, step, code, place))

    def _order(self) -> int:
        return self.error_count + len(self.pending)

    def sorted_errors(self) -> list[MappingError]:
        return [error for _order, error in sorted(self.errors, key=lambda pair: pair[0])]


def no_crosswalks(crosswalk: str, codes: Collection[str]) -> dict[str, object]:
    """The lookup of mappings without crosswalks: knows no code."""
    return {}


class CompiledMapping:
    """A checked mapping, ready for any number of records.

    :raise InvalidMapping: with every problem of its lines
    """

    def __init__(self, rules: Iterable[Rule], language: PathLanguage | None = None):
        self._steps = compile_steps(rules, language or JsonPaths())

    def apply(self, data: object, lookup: Lookup = no_crosswalks) -> dict:
        """Map one record.

        Fields without a value are left out, so that what is absent in the source overwrites nothing.

        :param data: what a reader gives as :attr:`SourceRecord.data`
        :return: nested dicts and lists by target field
        :raise MappingError: with one finding per failing line; code and subject are those of the first
        """
        [mapped] = self.apply_all([SourceRecord(1, "", data)], lookup)
        if mapped.error:
            raise mapped.error
        return mapped.values

    def apply_all(
        self, records: Iterable[SourceRecord], lookup: Lookup = no_crosswalks, chunk_size: int = CHUNK_SIZE
    ) -> Iterator[MappedRecord]:
        """Map records as they are read; a failing one does not stop the others."""
        codes = _Codes(lookup)
        chunk: list[tuple[MappedRecord, _Run]] = []
        for record in records:
            chunk.append(self._begin(record))
            if len(chunk) == chunk_size:
                yield from _finish(chunk, codes)
                chunk = []
        yield from _finish(chunk, codes)

    def _begin(self, record: SourceRecord) -> tuple[MappedRecord, _Run]:
        run = _Run(record.location)
        mapped = MappedRecord(record.number, record.location, {}, record.error)
        if not record.error:
            _fill(self._steps, record.data, mapped.values, run, "")
        return mapped, run

    def explain(self, record: SourceRecord, lookup: Lookup = no_crosswalks, most_items: int = 3):
        """Yield a :class:`LineOutcome` per line, for the first items of repeated groups."""
        return _explain(self._steps, record.data, "", "", _Codes(lookup), most_items)


def _fill(steps: list[Step], source: object, values: dict, run: _Run, place: str) -> None:
    for step in steps:
        try:
            if step.applies is not None and not step.applies(source):
                continue
            raw = step.read(source)
            if step.steps is not None:
                value = _fill_items(step, raw or (), run, place)
            else:
                value = None if raw is None or raw == "" or raw == [] else step.convert(raw)
        except InvalidValue as error:
            run.refuse(invalid_value(step.rule, place, _raw(step, source), error))
            continue
        if value is None or value == "" or value == []:
            value = step.default
            if value is None:
                if step.rule.is_required:
                    run.refuse(missing_value(step.rule, place))
                continue
            if type(value) is list:
                value = list(value)
        container = values
        for parent in step.parents:
            container = container.setdefault(parent, {})
        container[step.key] = value
        if step.rule.crosswalk:
            _await_code(step, container, value, run, place)


def _fill_items(step: Step, items: Iterable[object], run: _Run, place: str) -> list[dict]:
    filled = []
    for index, item in enumerate(items):
        values: dict = {}
        _fill(step.steps, item, values, run, f"{place}{step.rule.source}[{index}] ")
        if values:
            filled.append(values)
    return filled


def _raw(step: Step, source: object) -> object:
    """Return the value that a line refused, to be shown; a path that cannot be read has none."""
    try:
        return step.read(source) if step.steps is None else None
    except InvalidValue:
        return None


def _await_code(step: Step, container: dict, value: object, run: _Run, place: str) -> None:
    try:
        run.await_code(container, step, plain_text(value), place)
    except InvalidValue as error:
        run.refuse(invalid_value(step.rule, place, value, error))


class _Codes:
    """Translations of the codes met so far; what is new is asked for a chunk at a time."""

    def __init__(self, lookup: Lookup):
        self._lookup = lookup
        self._known: dict[str, dict[str, object]] = {}

    def fetch(self, runs: Iterable[_Run]) -> None:
        wanted: dict[str, set[str]] = {}
        for run in runs:
            for _order, _container, step, code, _place in run.pending:
                wanted.setdefault(step.rule.crosswalk, set()).add(code)
        for crosswalk, codes in wanted.items():
            known = self._known.setdefault(crosswalk, {})
            if len(known) > MOST_CODES:
                known.clear()
            if new := codes - known.keys():
                found = self._lookup(crosswalk, new)
                known.update((code, found.get(code)) for code in new)

    def translate(self, run: _Run) -> None:
        for order, container, step, code, place in run.pending:
            value = self._known[step.rule.crosswalk][code]
            if value is None:
                run.refuse(unknown_code(step.rule, place, code), order)
            elif isinstance(value, MappingError):
                run.refuse(_at_place(value, step.rule, place), order)
            else:
                container[step.key] = value


def _at_place(error: MappingError, rule: Rule, place: str) -> MappingError:
    """Return the error of a code for one place: the code's own one serves all records."""
    if rule.is_private:
        return unknown_code(rule, place, error.found, code=error.code)
    return MappingError(
        code=error.code,
        message=error.message,
        location=f"{place}{rule.source}",
        expected=error.expected,
        found=error.found,
        remedy=error.remedy,
        subject=error.subject,
    )


def _finish(chunk: list[tuple[MappedRecord, _Run]], codes: _Codes) -> Iterator[MappedRecord]:
    codes.fetch(run for _mapped, run in chunk)
    for mapped, run in chunk:
        codes.translate(run)
        if run.errors:
            mapped.error = summed_up(run.sorted_errors(), run.error_count)
        if mapped.error:
            mapped.values = None
        yield mapped


def _explain(steps, source, place, target_place, codes, most_items) -> Iterator[LineOutcome]:
    for step in steps:
        rule = step.rule
        outcome = LineOutcome(
            target_place + ".".join((*step.parents, step.key)), place + rule.source, rule.is_private, None
        )
        items = _explained_items(step, source, outcome)
        if items is None:
            _explain_value(step, source, outcome, codes)
            yield outcome
            continue
        outcome.raw = f"{len(items)} items" if outcome.error is None else None
        yield outcome
        for index, item in enumerate(items[:most_items]):
            inner = f"{place}{rule.source}[{index}] ", f"{outcome.target}[{index}]."
            yield from _explain(step.steps, item, *inner, codes, most_items)


def _explained_items(step: Step, source: object, outcome: LineOutcome) -> list | None:
    """Return the items of a group, or None for a line of a single value."""
    if step.steps is None:
        return None
    try:
        applies = step.applies is None or step.applies(source)
        items = list(step.read(source)) if applies else []
    except InvalidValue as error:
        outcome.error = invalid_value(step.rule, "", None, error)
        return []
    if applies and not items and step.rule.is_required:
        outcome.error = missing_value(step.rule, "")
    return items


def _explain_value(step: Step, source: object, outcome: LineOutcome, codes: _Codes) -> None:
    run, values = _Run(""), {}
    outcome.raw = _raw(step, source)
    _fill([step], source, values, run, "")
    codes.fetch([run])
    codes.translate(run)
    outcome.error = run.errors[0][1] if run.errors else None
    for part in (*step.parents, step.key):
        values = values.get(part) if isinstance(values, dict) else None
    outcome.value = None if outcome.error or is_empty(values) else values
