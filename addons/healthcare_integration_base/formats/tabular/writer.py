"""Writes rows as CSV and fixed width files. Nothing is ever cut: what does not fit is an error."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from ..date_patterns import InvalidValue
from ..text import encode
from ..value_types import to_decimal
from .cells import RowWriter, row_error
from .control import Control
from .layout import NUMBERS, Column, CsvLayout, FixedWidthLayout, Layout

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")

Compose = Callable[[str, list[str], str], str]


def write_csv(
    rows: Iterable[dict], layout: CsvLayout, header: dict | None = None, trailer: dict | None = None
) -> Iterator[bytes]:
    """Yield a CSV file of rows by column name.

    :param header: values of the header record, where the layout has one; counts and totals are added.
        A header that states counts needs ``rows`` as a list
    :param trailer: values of the trailer record
    :raise DocumentError: if a value does not fit its column, or a character the encoding
    """
    line = _csv_line(layout)
    columns = {role: layout.columns_of(role) for role in ("header", "detail", "trailer")}

    def compose(role: str, texts: list[str], location: str) -> str:
        return line(_placed(columns[role], texts, layout, role), location)

    titles = [line(_titles(layout), "titles")] if layout.has_titles else []
    return encode(
        _file(titles, rows, layout, header, trailer, compose), layout.encoding, has_mark=layout.has_mark
    )


def write_fixed_width(
    rows: Iterable[dict], layout: FixedWidthLayout, header: dict | None = None, trailer: dict | None = None
) -> Iterator[bytes]:
    """Yield a fixed width file of rows by column name, as :func:`write_csv` does."""
    columns = {role: layout.columns_of(role) for role in ("header", "detail", "trailer")}

    def compose(role: str, texts: list[str], location: str) -> str:
        return _composed_line(columns[role], texts, layout, role, location) + layout.line_end

    return encode(
        _file([], rows, layout, header, trailer, compose), layout.encoding, has_mark=layout.has_mark
    )


def _file(
    titles: Sequence[str],
    rows: Iterable[dict],
    layout: Layout,
    header: dict | None,
    trailer: dict | None,
    compose: Compose,
) -> Iterator[str]:
    writers = {role: RowWriter(layout.columns_of(role)) for role in ("header", "detail", "trailer")}
    control = Control(layout.columns)
    codes = layout.codes or {}
    yield from titles
    if "header" in codes:
        stated = _counted_ahead(rows, layout).state("header") if _states_counts(layout, "header") else {}
        values = {**(header or {}), **stated}
        control.count("header", values)
        yield compose("header", writers["header"].write(values, "header"), "header")
    for number, row in enumerate(rows, 1):
        location = f"record {number}"
        texts = writers["detail"].write(row, location)
        control.count("detail", _numbers(row, layout))
        yield compose("detail", texts, location)
    if "trailer" in codes:
        control.count("trailer", {})
        values = {**(trailer or {}), **control.state("trailer")}
        yield compose("trailer", writers["trailer"].write(values, "trailer"), "trailer")


def _states_counts(layout: Layout, role: str) -> bool:
    return any(column.check for column in layout.columns_of(role))


def _counted_ahead(rows: Iterable[dict], layout: Layout) -> Control:
    """Count a list of rows before it is written, as a header states it."""
    if not isinstance(rows, Sequence):
        raise TypeError("A header that states counts or totals needs the rows as a list.")
    control = Control(layout.columns)
    for role in layout.codes or {}:
        if role != "detail":
            control.count(role, {})
    for row in rows:
        control.count("detail", _numbers(row, layout))
    return control


def _numbers(row: dict, layout: Layout) -> dict:
    """Return the numbers of a row; what is none is refused when the row is written."""
    numbers = {}
    for column in layout.columns_of("detail"):
        if column.type in NUMBERS and row.get(column.name) is not None:
            with suppress(InvalidValue):
                numbers[column.name] = to_decimal(row[column.name])
    return numbers


def _csv_line(layout: CsvLayout) -> Callable[[list[str], str], str]:
    buffer = io.StringIO()
    writer = csv.writer(
        buffer,
        delimiter=layout.delimiter,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        lineterminator=layout.line_end,
    )

    def line(cells: list[str], location: str) -> str:
        if any("\0" in cell for cell in cells):
            raise row_error("csv.nul", "A cell holds a NUL character.", location, "text", "NUL")
        if not layout.quote and any("\n" in cell or "\r" in cell for cell in cells):
            raise row_error(
                "csv.line_end", "A cell without quotes holds a line end.", location, "one line", "more"
            )
        buffer.seek(0)
        buffer.truncate()
        try:
            writer.writerow(cells)
        except csv.Error as error:
            raise row_error("csv.cell", "A cell cannot be written.", location, "a cell", str(error)) from None
        return buffer.getvalue()

    return line


def _titles(layout: CsvLayout) -> list[str]:
    columns = layout.columns_of("detail")
    return _placed(columns, [column.title or column.name for column in columns], layout, "")


def _placed(columns: Sequence[Column], texts: list[str], layout: CsvLayout, role: str) -> list[str]:
    """Return the cells of a row: columns without a position follow the one before them."""
    cells: dict[int, str] = {}
    code = (layout.codes or {}).get(role)
    if code:
        cells[layout.code_start] = code
    position = 0
    for column, text in zip(columns, texts, strict=True):
        position = column.position or position + 1
        while not column.position and layout.codes and position == layout.code_start:
            position += 1
        is_exposed = layout.is_for_spreadsheets and column.type not in NUMBERS
        cells[position] = f"'{text}" if is_exposed and text.startswith(_FORMULA_SIGNS) else text
    return [cells.get(index, "") for index in range(1, max(cells, default=0) + 1)]


def _composed_line(
    columns: Sequence[Column], texts: list[str], layout: FixedWidthLayout, role: str, location: str
) -> str:
    pieces = [
        (column.start, _filled(column, text, location)) for column, text in zip(columns, texts, strict=True)
    ]
    if layout.codes and role in layout.codes:
        pieces.append((layout.code_start, layout.codes[role]))
    line = ""
    for start, piece in sorted(pieces):
        line = line.ljust(start - 1) + piece
    return line


def _filled(column: Column, text: str, location: str) -> str:
    place = f"{location}, column {column.name}"
    if "\n" in text or "\r" in text or "\0" in text:
        raise row_error("fixed_width.line_end", "A value holds a line end.", place, "one line", "more")
    if len(text) > column.width:
        raise row_error(
            "fixed_width.overflow", "A value is longer than its column.", place,
            f"at most {column.width} characters", f"{len(text)} characters",
        )  # fmt: skip
    if column.fill == "0" and text:
        return text.zfill(column.width)
    align = column.align or ("right" if column.type in NUMBERS else "left")
    return text.rjust(column.width) if align == "right" else text.ljust(column.width)
