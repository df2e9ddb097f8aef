"""A request before it is sent, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from .retries import IDEMPOTENT_METHODS

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Request:
    """What is asked of a server.

    :ivar headers: names as they are sent
    :ivar idempotent: whether a repetition does no more than the first request; by the method unless
        the caller knows more, for instance that the server recognises an idempotency key
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    idempotent: bool | None = None

    @property
    def is_repeatable(self) -> bool:
        return self.method in IDEMPOTENT_METHODS if self.idempotent is None else self.idempotent

    @property
    def is_sending(self) -> bool:
        """Whether a document goes out, which the server may refuse."""
        return self.method not in ("GET", "HEAD", "OPTIONS")

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """Return the request with these headers, which replace those of the same name."""
        names = {name.lower() for name in headers}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in names}
        return replace(self, headers={**kept, **headers})

    def with_query(self, name: str, value: str) -> Request:
        """Return the request with one parameter set in its query, in place of one of the same name."""
        return replace(self, url=set_query(self.url, {name: value}))


@dataclass(frozen=True)
class Answer:
    """A complete answer, whatever its status.

    :ivar url: where it came from, after redirects
    :ivar headers: names in lower case
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL, as RFC 6454 compares them."""
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(parts.scheme)


def join(base: str, reference: str) -> str:
    """Return the URL that a server's reference means, empty when it is none.

    >>> join("https://x.test/a/b", "c?d=1"), join("https://x.test/", "https://[x/")
    ('https://x.test/a/c?d=1', '')
    """
    try:
        target = urljoin(base, reference)
        origin(target)
    except ValueError:
        return ""
    return target


def set_query(url: str, parameters: Mapping[str, str]) -> str:
    """Return a URL with these parameters in its query, in place of those of the same names.

    >>> set_query("https://x.test/a?page=1&size=5", {"page": "2"})
    'https://x.test/a?size=5&page=2'
    """
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in parameters]
    return urlunsplit(parts._replace(query=urlencode([*query, *parameters.items()])))


def drop_query(url: str, names: tuple[str, ...]) -> str:
    """Return a URL without these parameters in its query; the rest of the query stays as it is."""
    parts = urlsplit(url)
    kept = [item for item in parts.query.split("&") if item.partition("=")[0] not in names]
    return urlunsplit(parts._replace(query="&".join(kept)))
