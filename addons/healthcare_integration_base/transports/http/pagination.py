"""Walks through a collection page by page, and says after each page where to go on.

A :class:`Watermark` is stored when the page's payloads are: whoever walks on from it misses nothing and,
at worst, sees the last page twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from ...errors import DocumentError
from ...formats.text import is_storable
from ..settings import ConfigurationError, SettingsReader
from . import json_records
from .errors import safe_url
from .messages import Answer, Request, drop_query, join, origin, set_query

STRATEGIES = ("none", "link", "cursor", "page", "offset")


@dataclass(frozen=True, kw_only=True)
class CollectionSettings:
    """How a collection is asked for.

    :ivar path: relative to the base address
    :ivar pagination: ``none``; ``link`` (RFC 8288, rel=next); ``cursor``: the answer holds the next cursor,
        or the next page's address; ``page``: numbered; ``offset``
    :ivar records: JSON pointer to the array of records; empty when the answer itself is the array
    :ivar payload: ``page``: each answer as it is; ``record``: each record of it
    :ivar cursor: JSON pointer to the next cursor or address
    :ivar cursor_parameter, page_parameter, offset_parameter, size_parameter: names in the query
    :ivar since_parameter: name in the query for "changed since"; empty to ask for everything each time
    :ivar since: JSON pointer within a record to when it was changed
    :ivar accept: the ``Accept`` header
    """

    path: str = ""
    pagination: str = "none"
    records: str = ""
    payload: str = "page"
    cursor: str = ""
    cursor_parameter: str = "cursor"
    page_parameter: str = "page"
    first_page: int = 1
    offset_parameter: str = "offset"
    size_parameter: str = ""
    page_size: int = 100
    since_parameter: str = ""
    since: str = ""
    accept: str = "application/json"

    @property
    def reads_records(self) -> bool:
        """Whether answers must be JSON with an array of records; others are taken as they are."""
        return bool(self.payload == "record" or self.pagination in ("page", "offset") or self.since_parameter)


@dataclass(frozen=True)
class Watermark:
    """Where to go on in a collection.

    :ivar position: of the next page within this pass: a path with query, a cursor, a page number or an
        offset; empty at the beginning of a pass
    :ivar since: lower bound of this pass, as the server wrote it
    :ivar highest: the largest change seen in this pass, which is the next pass's ``since``
    """

    position: str = ""
    since: str = ""
    highest: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> Watermark:
        """Return the watermark of a stored mapping; unknown names are ignored."""
        names = ("position", "since", "highest")
        return cls(**{name: str((values or {}).get(name) or "") for name in names})

    def after_pass(self) -> Watermark:
        """Return the watermark from which the next pass begins.

        The bound is included: what changed in the same instant is asked for again rather than missed.
        """
        return Watermark(since=self.highest or self.since)


@dataclass(frozen=True)
class Page:
    """One answer of a walk.

    :ivar payloads: the answer, or its records; none when it holds no record
    :ivar watermark: where to go on when this page is stored
    :ivar is_last: whether it ends the pass
    """

    number: int
    payloads: tuple[bytes, ...]
    content_type: str
    watermark: Watermark
    is_last: bool


class Walk:
    """Iterates over the pages of a collection from a watermark on.

    :param base: address of the collection
    :param send: sends a request, returns its answer of success
    :param secret_parameters: names in the query that are never stored
    """

    def __init__(
        self,
        settings: CollectionSettings,
        base: str,
        send: Callable[[Request], Answer],
        watermark: Watermark,
        secret_parameters: tuple[str, ...] = (),
    ):
        self._settings = settings
        self._base = base
        self._send = send
        self._watermark = watermark
        self._secret_parameters = secret_parameters

    def __iter__(self) -> Iterator[Page]:
        asked: set[str] = set()
        number = 0
        while True:
            url = self._url()
            if url in asked:
                raise _loop(url)
            asked.add(url)
            number += 1
            page = self._page(number, self._send(Request("GET", url, {"Accept": self._settings.accept})))
            self._watermark = page.watermark
            yield page
            if page.is_last:
                return

    def _url(self) -> str:
        """Return the address of the next page."""
        settings, position = self._settings, self._watermark.position
        if position.startswith("/") and settings.pagination in ("link", "cursor"):
            return self._next_address(position)
        parameters = {}
        if settings.since_parameter and self._watermark.since:
            parameters[settings.since_parameter] = self._watermark.since
        if settings.size_parameter and settings.pagination != "none":
            parameters[settings.size_parameter] = str(settings.page_size)
        if settings.pagination == "page":
            parameters[settings.page_parameter] = position or str(settings.first_page)
        elif settings.pagination == "offset":
            parameters[settings.offset_parameter] = position or "0"
        elif settings.pagination == "cursor" and position:
            parameters[settings.cursor_parameter] = position
        return set_query(self._base, parameters) if parameters else self._base

    def _page(self, number: int, answer: Answer) -> Page:
        document, texts = self._read(answer)
        watermark = self._seen(texts)
        position = self._next_position(answer, document, len(texts))
        if position:
            following = replace(watermark, position=position)
        else:
            following = watermark.after_pass()
        if not all(map(is_storable, following.as_dict().values())):
            raise _unreadable(answer, "Unicode text as next page and time of change", "NUL or half a pair")
        return Page(
            number,
            self._payloads(answer, texts),
            answer.headers.get("content-type", ""),
            following,
            not position,
        )

    def _read(self, answer: Answer) -> tuple[Any, list[str]]:
        """Return the parsed answer and the texts of its records, as far as either is needed."""
        settings = self._settings
        if not settings.reads_records and settings.pagination != "cursor":
            return None, []
        try:
            text = answer.body.decode("utf-8-sig")
            texts = json_records.records(text, settings.records) if settings.reads_records else []
            return json_records.parse(text), texts
        except UnicodeDecodeError:
            raise _unreadable(answer, "UTF-8", "other bytes") from None
        except ValueError:
            raise _unreadable(answer, "JSON", answer.headers.get("content-type", "something else")) from None
        except LookupError:
            raise _no_records(answer, settings.records) from None

    def _payloads(self, answer: Answer, texts: list[str]) -> tuple[bytes, ...]:
        if self._settings.payload == "record":
            return tuple(text.encode() for text in texts)
        is_empty = not texts if self._settings.reads_records else not answer.body
        return () if is_empty else (answer.body,)

    def _seen(self, texts: list[str]) -> Watermark:
        """Return the watermark with the largest change of these records."""
        highest = self._watermark.highest
        if self._settings.since_parameter and self._settings.since:
            for text in texts:
                value = json_records.value_at(json_records.parse(text), self._settings.since)
                if isinstance(value, str) and value and (not highest or _later(value, highest)):
                    highest = value
        return replace(self._watermark, highest=highest)

    def _next_position(self, answer: Answer, document: Any, count: int) -> str:
        """Return the position of the page that follows; empty when this is the last."""
        settings, position = self._settings, self._watermark.position
        if settings.pagination == "link":
            return self._stored_address(answer, _next_link(answer))
        if settings.pagination == "cursor":
            cursor = json_records.value_at(document, settings.cursor)
            if not isinstance(cursor, str) or not cursor:
                return ""
            return self._stored_address(answer, cursor) if _is_address(cursor) else cursor
        if settings.pagination == "page" and count:
            return str(int(position or settings.first_page) + 1)
        if settings.pagination == "offset" and count:
            return str(int(position or 0) + count)
        return ""

    def _stored_address(self, answer: Answer, address: str) -> str:
        """Return path and query of the next page's address; it must be of the same server."""
        if not address:
            return ""
        target = join(answer.url, address)
        if origin(target) != origin(self._base) or "@" in urlsplit(target).netloc:
            raise _foreign_link(answer, target)
        parts = urlsplit(drop_query(target, self._secret_parameters))
        return "/" + (parts.path + (f"?{parts.query}" if parts.query else "")).lstrip("/")

    def _next_address(self, position: str) -> str:
        parts = urlsplit(self._base)
        return f"{parts.scheme}://{parts.netloc}{position}"


def read_collection(reader: SettingsReader) -> CollectionSettings | None:
    """Return the settings of the collection; None for an endpoint that only sends."""
    is_used = reader.choice("direction", "in", ("in", "out", "both")) != "out"

    def pointer(name: str) -> str:
        return (
            reader.parsed(
                name, json_records.parse_pointer, "a JSON pointer such as /data/items", "Begin it with /."
            )
            or ""
        )

    settings = CollectionSettings(
        path=reader.text("list_path"),
        pagination=reader.choice("pagination", "none", STRATEGIES),
        records=pointer("records_pointer"),
        payload=reader.choice("payload", "page", ("page", "record")),
        cursor=pointer("cursor_pointer"),
        cursor_parameter=reader.text("cursor_parameter", "cursor"),
        page_parameter=reader.text("page_parameter", "page"),
        first_page=reader.integer("first_page", 1, 0, 1_000_000),
        offset_parameter=reader.text("offset_parameter", "offset"),
        size_parameter=reader.text("size_parameter"),
        page_size=reader.integer("page_size", 100, 1, 100_000),
        since_parameter=reader.text("since_parameter"),
        since=pointer("since_pointer"),
        accept=reader.text("accept", "application/json"),
    )
    if not is_used:
        return None
    if settings.pagination == "cursor" and not settings.cursor:
        reader.refuse(
            "cursor_pointer", "where the next cursor is", "nothing", "Enter it, such as /meta/next."
        )
    if settings.since_parameter and not settings.since:
        reader.refuse(
            "since_pointer",
            "where a record says when it changed",
            "nothing",
            "Enter it, such as /updated_at.",
        )
    return settings


def _next_link(answer: Answer) -> str:
    """Return the target of the link of relation ``next`` in the Link header (RFC 8288)."""
    from requests.utils import parse_header_links

    for link in parse_header_links(answer.headers.get("link", "")):
        if "next" in link.get("rel", "").lower().split():
            return link.get("url", "")
    return ""


def _is_address(cursor: str) -> bool:
    return cursor.startswith(("/", "?")) or "://" in cursor[:9]


def _later(value: str, other: str) -> bool:
    """Tell whether a change is later: by number, by time or, where neither is one, by text."""
    for convert in (_number, _moment):
        ours, theirs = convert(value), convert(other)
        if ours is not None and theirs is not None:
            return ours > theirs
    return value > other


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _loop(url: str) -> ConfigurationError:
    return ConfigurationError(
        code="http.pagination_loop",
        message="The pages of the collection lead in a circle",
        location=safe_url(url),
        expected="a page that was not asked for yet",
        found="the same address again",
        remedy="Correct the kind of pagination in the endpoint, or show this text to the partner's support.",
        subject=safe_url(url),
    )


def _foreign_link(answer: Answer, target: str) -> ConfigurationError:
    return ConfigurationError(
        code="http.foreign_link",
        message="The next page is said to be on another server; it was not asked for",
        location=safe_url(answer.url),
        expected="a page of the same server",
        found=safe_url(target) if target else "what is no address",
        remedy="If the partner confirms the address, enter it as the endpoint's base address.",
        subject=safe_url(answer.url),
    )


def _unreadable(answer: Answer, expected: str, found: str) -> DocumentError:
    return DocumentError(
        code="http.page_unreadable",
        message="The answer cannot be read as a page of records",
        location=safe_url(answer.url),
        expected=expected,
        found=found[:80],
        remedy="Correct the path or the kind of pagination, or ask the partner for JSON.",
        subject=safe_url(answer.url),
    )


def _no_records(answer: Answer, pointer: str) -> DocumentError:
    return DocumentError(
        code="http.no_records",
        message="The answer has no list of records where the endpoint says",
        location=safe_url(answer.url),
        expected=f"a list at {pointer or 'the top'}",
        found="none",
        remedy="Correct the pointer to the records in the endpoint.",
        subject=safe_url(answer.url),
    )
