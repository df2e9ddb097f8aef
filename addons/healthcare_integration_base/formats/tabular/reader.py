"""Reads CSV and fixed width files as streams of typed rows. Pure Python."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from ...errors import DocumentError
from ..records import SourceRecord
from ..text import decode, split_lines
from .cells import RowReader, row_error
from .control import Control
from .layout import Column, CsvLayout, FixedWidthLayout, Layout

Row = list[str] | str
Pick = Callable[[Row, str], Sequence[str]]


def read_csv(chunks: Iterable[bytes], layout: CsvLayout) -> Iterator[SourceRecord]:
    """Yield the detail records of a CSV file; ``header.`` values stand in ``data["header"]``.

    A row that cannot be read carries its error, the others are read.

    :param layout: without ``problems()``
    :raise DocumentError: if the file as a whole is wrong: encoding, titles, order of its records, counts and
        totals. The last ones are known at the end only: apply nothing for good before it
    """
    rows = _csv_rows(chunks, layout)
    titles = next(rows, (1, [], None))[1] if layout.has_titles else None
    columns = {
        role: _picked_cells(layout.columns_of(role), titles if role == "detail" else None)
        for role in ("header", "detail", "trailer")
    }
    return _Reading(layout, columns, _csv_code).records(rows)


def read_fixed_width(chunks: Iterable[bytes], layout: FixedWidthLayout) -> Iterator[SourceRecord]:
    """Yield the detail records of a fixed width file, as :func:`read_csv` does; places count characters."""
    lines = split_lines(decode(chunks, layout.encoding))
    rows = (
        (number, text, None)
        for number, line in enumerate(lines, 1)
        if number > layout.skip_rows and (text := line.rstrip("\r\n")).strip()
    )
    columns = {role: _cut_line(layout, role) for role in ("header", "detail", "trailer")}
    return _Reading(layout, columns, _line_code).records(rows)


def _csv_rows(chunks: Iterable[bytes], layout: CsvLayout) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield line number and cells of each row; for a row that is no CSV, what is wrong with it."""
    lines = split_lines(decode(chunks, layout.encoding))
    for _ in range(layout.skip_rows):
        next(lines, None)
    reader = csv.reader(
        lines,
        delimiter=layout.delimiter,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        strict=True,
    )
    while True:
        number = layout.skip_rows + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, [], str(error)
            continue
        if cells:
            yield number, cells, None


def _picked_cells(columns: Sequence[Column], titles: list[str] | None) -> Pick:
    """Return a function that picks the cells of columns from a row.

    :raise DocumentError: ``csv.title_missing`` or ``csv.title_repeated``
    """
    indexes = [column.position - 1 if column.position else _title_index(column, titles) for column in columns]
    needed = len(titles) if titles is not None else max(indexes, default=-1) + 1
    expected = f"{needed} cells" if titles is not None else f"at least {needed} cells"

    def pick(cells: list[str], location: str) -> list[str]:
        if len(cells) < needed or (titles is not None and len(cells) > needed):
            raise row_error(
                "csv.cells", "A row has another number of cells.", location, expected, str(len(cells))
            )
        return [cells[index] for index in indexes]

    if indexes and needed <= max(indexes):
        raise row_error(
            "csv.titles",
            "The file has too few columns.",
            "titles",
            f"{max(indexes) + 1} columns",
            str(needed),
        )
    return pick


def _title_index(column: Column, titles: list[str] | None) -> int:
    wanted = (column.title or column.name).strip()
    found = [index for index, title in enumerate(titles or ()) if title.strip() == wanted]
    if len(found) == 1:
        return found[0]
    code = "csv.title_repeated" if found else "csv.title_missing"
    others = ", ".join(title.strip() for title in titles or ())[:200]
    raise row_error(
        code, "The titles of the file do not fit.", "titles", f"one column {wanted}", others or "none"
    )


def _csv_code(cells: list[str], start: int, codes: Collection[str]) -> str:
    return cells[start - 1].strip() if len(cells) >= start else ""


def _cut_line(layout: FixedWidthLayout, role: str) -> Pick:
    columns = layout.columns_of(role)
    slices = [slice(column.start - 1, column.start - 1 + column.width) for column in columns]
    end = max((column.start - 1 + column.width for column in columns), default=0)
    if layout.codes and role in layout.codes:
        end = max(end, layout.code_start - 1 + len(layout.codes[role]))

    def cut(line: str, location: str) -> list[str]:
        if len(line) < end and not layout.allows_short_rows:
            raise row_error(
                "fixed_width.length", "A line is too short.", location, f"{end} characters", str(len(line))
            )
        if len(line) > end and line[end:].strip():
            raise row_error(
                "fixed_width.length", "A line is too long.", location, f"{end} characters", str(len(line))
            )
        return [line[part] for part in slices]

    return cut


def _line_code(line: str, start: int, codes: Collection[str]) -> str:
    for code in sorted(codes, key=len, reverse=True):
        if line.startswith(code, start - 1):
            return code
    return line[start - 1 : start - 1 + max(map(len, codes))].strip()


class _Reading:
    """Tells the kinds of records apart, checks their order, counts, and yields the details."""

    def __init__(self, layout: Layout, picks: dict[str, Pick], find_code: Callable[..., str]):
        self._codes = layout.codes
        self._code_start = layout.code_start
        self._roles = {code: role for role, code in (layout.codes or {}).items()}
        self._find_code = find_code
        self._picks = picks
        self._readers = {role: RowReader(layout.columns_of(role)) for role in picks}
        self._control = Control(layout.columns)
        self._header: dict[str, object] = {}
        self._seen: set[str] = set()
        self._has_errors = False

    def records(self, rows: Iterable[tuple[int, Row, str | None]]) -> Iterator[SourceRecord]:
        for line, row, problem in rows:
            location = f"line {line}"
            role = "detail" if problem else self._role(row, location)
            if role != "detail":
                self._read_control_record(role, row, location)
                continue
            yield self._detail(row, problem, location)
        self._check_end()

    def _role(self, row: Row, location: str) -> str:
        if not self._roles:
            return "detail"
        code = self._find_code(row, self._code_start, self._roles)
        role = self._roles.get(code)
        if role is None:
            raise row_error(
                "tabular.record_code", "A record is of an unknown kind.", location,
                f"one of {', '.join(self._roles)}", code[:10] or "nothing",
            )  # fmt: skip
        if "trailer" in self._seen or (role == "header" and self._seen):
            raise row_error(
                "tabular.record_order", "The records of the file are out of order.", location,
                "header, details, trailer, once each", f"a {role} after {' and '.join(sorted(self._seen))}",
            )  # fmt: skip
        self._seen.add(role)
        return role

    def _read_control_record(self, role: str, row: Row, location: str) -> None:
        values = self._readers[role].read(self._picks[role](row, location), location)
        self._control.count(role, values)
        self._control.note(role, values, location)
        if role == "header":
            self._header = values

    def _detail(self, row: Row, problem: str | None, location: str) -> SourceRecord:
        values: dict[str, object] = {}
        error = None
        try:
            if problem:
                raise row_error(
                    "csv.row", "A row is no CSV.", location, "quoted cells as RFC 4180 has them", problem
                )
            values = self._readers["detail"].read(self._picks["detail"](row, location), location)
        except DocumentError as caught:
            error, self._has_errors = caught, True
        self._control.count("detail", values)
        values["header"] = self._header
        return SourceRecord(self._control.details, location, values, error)

    def _check_end(self) -> None:
        for role in ("header", "trailer"):
            if self._codes and role in self._codes and role not in self._seen:
                raise row_error(
                    "tabular.record_missing",
                    f"The file has no {role} record.",
                    "end of the file",
                    f"a {role}",
                    "none",
                )
        self._control.verify(with_totals=not self._has_errors)
