"""The column table of a CSV or fixed width file, and what must hold for it to be used. Pure Python."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..text import ENCODINGS
from ..value_types import VALUE_TYPES

ROLES = {"header": "Header", "detail": "Detail", "trailer": "Trailer"}
CHECKS = {
    "detail_count": "Number of detail records",
    "record_count": "Number of all records",
    "total": "Total of a detail column",
}
NUMBERS = ("integer", "decimal", "implied_decimal")
MAX_COLUMNS = 1_000
_NAME = re.compile(r"[^\W\d]\w*")
_MOST_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record.

    :ivar name: what mapping lines call it
    :ivar type: a key of ``VALUE_TYPES``; ``argument`` is the type's, such as a date pattern
    :ivar title: of a CSV column in the header row; the name when empty
    :ivar position: of a CSV column, from 1; 0: found by its title
    :ivar start: of a fixed width column, in characters, from 1
    :ivar width: of a fixed width column, in characters
    :ivar align: ``left`` or ``right``; by its type when empty
    :ivar fill: the character that fills a fixed width column; 0 is for numbers
    :ivar is_private: errors do not repeat the value
    :ivar role: the kind of record that has the column
    :ivar check: what a header or trailer column says about the details, checked when read, filled in when
        written: a key of :data:`CHECKS`; ``check_column`` is the detail column of a total
    """

    name: str
    type: str = "text"
    argument: str = ""
    title: str = ""
    position: int = 0
    start: int = 0
    width: int = 0
    align: str = ""
    fill: str = " "
    is_required: bool = False
    is_private: bool = False
    role: str = "detail"
    check: str = ""
    check_column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What CSV and fixed width files have in common.

    :ivar codes: ``{role: text}`` that tells header, detail and trailer records apart; empty: details only
    :ivar code_start: where that text is: the cell of a CSV row, the character of a fixed width one, from 1
    :ivar skip_rows: lines before the first record (or header row) that are not read
    :ivar line_end: of written files
    """

    columns: tuple[Column, ...]
    encoding: str = "utf-8"
    has_mark: bool = False
    skip_rows: int = 0
    line_end: str = "\n"
    codes: dict[str, str] | None = None
    code_start: int = 1

    def columns_of(self, role: str) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role == role)

    def problems(self) -> list[str]:
        """Return a sentence for each thing that is wrong with the layout."""
        problems = list(self._own_problems())
        names = Counter((column.role, column.name) for column in self.columns)
        problems += [
            f"{name} is in the column table twice." for (_, name), count in names.items() if count > 1
        ]
        for column in self.columns:
            problems += [f"{column.name or 'A column'}: {text}" for text in self._column_problems(column)]
        return problems

    def _own_problems(self) -> Iterator[str]:
        if not self.columns_of("detail"):
            yield "The column table needs a column of the detail records."
        if len(self.columns) > MAX_COLUMNS:
            yield f"The column table has at most {MAX_COLUMNS} columns."
        if self.encoding not in ENCODINGS:
            yield f"There is no encoding {self.encoding}."
        if self.codes and (not all(self.codes.values()) or len(set(self.codes.values())) != len(self.codes)):
            yield "Each kind of record needs a code of its own."
        if self.codes and ("detail" not in self.codes or self.code_start < 1):
            yield "Say where the code of a record is, and which one detail records have."
        for role in sorted({column.role for column in self.columns} - {"detail"} - set(self.codes or ())):
            yield f"The column table has columns of {role} records, which have no code."

    def _column_problems(self, column: Column) -> Iterator[str]:
        if not _NAME.fullmatch(column.name) or column.name == "header":
            yield "a name is letters, digits and underscores, and not header."
        if column.type not in VALUE_TYPES:
            yield f"there is no type {column.type}."
        else:
            try:
                VALUE_TYPES[column.type].check_argument(column.argument)
            except ValueError as error:
                yield str(error)
        yield from self._check_problems(column)

    def _check_problems(self, column: Column) -> Iterator[str]:
        if not column.check:
            return
        if column.check not in CHECKS or column.role == "detail" or column.type not in NUMBERS:
            yield "counts and totals are numbers of header or trailer records."
        if column.check == "total" and column.check_column not in {
            detail.name for detail in self.columns_of("detail") if detail.type in NUMBERS
        }:
            yield "name the detail column, a number, whose total it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvLayout(Layout):
    """A CSV file.

    :ivar delimiter: one character
    :ivar quote: one character, doubled inside a quoted cell; empty: cells are not quoted
    :ivar has_titles: the first row holds titles; columns without a position are found by them
    :ivar is_for_spreadsheets: text cells that a spreadsheet would take for a formula are written with a
        leading apostrophe. Only for files that people open: a machine reads the apostrophe as data
    """

    delimiter: str = ","
    quote: str = '"'
    has_titles: bool = True
    is_for_spreadsheets: bool = False

    def _own_problems(self) -> Iterator[str]:
        yield from Layout._own_problems(self)
        signs = [self.delimiter, self.quote] if self.quote else [self.delimiter]
        if any(len(sign) != 1 or sign in "\r\n\0" for sign in signs) or len(set(signs)) != len(signs):
            yield "Delimiter and quote are one character each, and different."

    def _column_problems(self, column: Column) -> Iterator[str]:
        yield from Layout._column_problems(self, column)
        if column.position < 0 or column.position > MAX_COLUMNS:
            yield "a position is a number from 1."
        if not column.position and not (self.has_titles and column.role == "detail"):
            yield "give its position: only columns of a file with titles are found without one."


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedWidthLayout(Layout):
    """A file whose columns have fixed places in the line.

    :ivar allows_short_rows: a line may end before its last columns, which are then empty
    """

    allows_short_rows: bool = False

    def _own_problems(self) -> Iterator[str]:
        yield from Layout._own_problems(self)
        for role in ROLES:
            end, before = 0, ""
            for column in sorted(self.columns_of(role), key=lambda column: column.start):
                if column.start <= end:
                    yield f"{column.name} overlaps {before}."
                end, before = column.start + column.width - 1, column.name

    def _column_problems(self, column: Column) -> Iterator[str]:
        yield from Layout._column_problems(self, column)
        if column.start < 1 or column.width < 1 or column.start + column.width > _MOST_CHARACTERS:
            yield "give its start, from 1, and its width."
        if len(column.fill) != 1 or column.fill not in " 0":
            yield "it is filled with blanks or zeros."
        elif column.fill == "0" and column.type not in NUMBERS:
            yield "only numbers are filled with zeros."
        if column.align not in ("", "left", "right") or (column.fill == "0" and column.align == "left"):
            yield "it is aligned left or right; zeros stand left of a number."
        if self._covers_code(column):
            yield "it overlaps the code of the record."

    def _covers_code(self, column: Column) -> bool:
        code = (self.codes or {}).get(column.role, "")
        code_end = self.code_start + len(code)
        return bool(code) and column.start < code_end and self.code_start < column.start + column.width
