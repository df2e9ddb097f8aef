"""What every reader of records yields. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DocumentError


@dataclass(slots=True)
class SourceRecord:
    """One record of a file as its reader understood it.

    :ivar number: its ordinal among the records, from 1
    :ivar location: where a person finds it, e.g. ``line 12``
    :ivar data: what the paths of a mapping read: nested dicts and lists (JSON), a dict by column name (CSV,
        fixed width), an element that is valid until the next record is read (XML)
    :ivar error: why this record cannot be read; the following ones are
    """

    number: int
    location: str
    data: object = None
    error: DocumentError | None = None
