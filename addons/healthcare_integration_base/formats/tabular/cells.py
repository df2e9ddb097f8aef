"""One kind of record of a tabular file: from its texts to typed values and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...errors import DocumentError, Finding
from ..date_patterns import InvalidValue
from ..showing import shown
from ..value_types import VALUE_TYPES
from .layout import Column

_EMPTY_DATES = frozenset("0")


def row_error(code: str, message: str, location: str, expected: str, found: str) -> DocumentError:
    """Return the error of a row, with the remedy that all of them have."""
    return DocumentError(
        code=code,
        message=message,
        location=location,
        expected=expected,
        found=found,
        remedy="Ask the sender for a corrected file, or correct the column table of the mapping.",
    )


class RowReader:
    """Reads the texts of one kind of record; the columns' texts come in the columns' order."""

    def __init__(self, columns: Sequence[Column]):
        self._columns = [(column, _cell_parser(column)) for column in columns]

    def read(self, texts: Sequence[str], location: str) -> dict[str, object]:
        """Return ``{column name: value}`` of the columns that have one.

        :raise DocumentError: ``tabular.cell``, with a finding per cell when several are wrong
        """
        values: dict[str, object] = {}
        findings: list[Finding] = []
        for (column, parse), text in zip(self._columns, texts, strict=True):
            try:
                value = parse(text)
            except InvalidValue as error:
                found = shown(text.strip(), is_private=column.is_private)
                findings.append(_cell_finding(column, location, error.expected, found))
                continue
            if value is not None:
                values[column.name] = value
            elif column.is_required:
                findings.append(_cell_finding(column, location, "a value", "nothing"))
        if findings:
            raise DocumentError.summing_up(findings)
        return values


def _cell_parser(column: Column) -> Callable[[str], object]:
    parse_value = VALUE_TYPES[column.type].parser(column.argument)
    if column.type == "text":
        return lambda text: text.strip() or None
    is_date = column.type in ("date", "datetime")

    def parse(text: str) -> object:
        text = text.strip()
        if not text or (is_date and set(text) == _EMPTY_DATES):
            return None
        return parse_value(text)

    return parse


class RowWriter:
    """Writes the values of one kind of record as texts, in the columns' order."""

    def __init__(self, columns: Sequence[Column]):
        self._columns = [(column, VALUE_TYPES[column.type].formatter(column.argument)) for column in columns]
        self._names = {column.name for column in columns}

    def write(self, values: dict[str, object], location: str) -> list[str]:
        """Return the text of each column, empty where there is no value.

        :raise DocumentError: ``tabular.cell`` or ``tabular.unknown_column``
        """
        if unknown := values.keys() - self._names:
            raise row_error(
                "tabular.unknown_column", "A value has no column.", location, "the columns of the table",
                ", ".join(sorted(map(str, unknown))),
            )  # fmt: skip
        texts: list[str] = []
        findings: list[Finding] = []
        for column, write_value in self._columns:
            value = values.get(column.name)
            try:
                text = "" if value is None else write_value(value)
            except InvalidValue as error:
                found = shown(value, is_private=column.is_private)
                findings.append(_cell_finding(column, location, error.expected, found))
                continue
            if column.is_required and not text:
                findings.append(_cell_finding(column, location, "a value", "nothing"))
            texts.append(text)
        if findings:
            raise DocumentError.summing_up(findings)
        return texts


def _cell_finding(column: Column, location: str, expected: str, found: str) -> Finding:
    return Finding(
        code="tabular.cell",
        message=f"The column {column.name} has no value that can be used.",
        location=f"{location}, column {column.name}",
        expected=expected,
        found=found,
        remedy="Ask for a corrected file, or correct the column table of the mapping.",
    )
