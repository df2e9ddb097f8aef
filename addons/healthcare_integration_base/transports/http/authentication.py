"""How a request says who sends it. Secrets are added last, and never to another origin."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Protocol

from .messages import Request

METHODS = (
    "none",
    "basic",
    "bearer",
    "api_key_header",
    "api_key_query",
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "jwt_bearer",
)
OAUTH_METHODS = METHODS[5:]


class Authentication(Protocol):
    """Adds to a request what proves who sends it."""

    def apply(self, request: Request) -> Request:
        """Return the request with its proof."""

    def renew(self) -> bool:
        """Get a new proof after the server refused the last one; tell whether there is one to try."""


@dataclass(frozen=True)
class NoAuthentication:
    """For servers that know us by our certificate or signature, or not at all."""

    def apply(self, request: Request) -> Request:
        return request

    def renew(self) -> bool:
        return False


@dataclass(frozen=True)
class BasicAuthentication(NoAuthentication):
    """User name and password (RFC 7617)."""

    username: str
    password: str = field(repr=False)

    def apply(self, request: Request) -> Request:
        return request.with_headers({"Authorization": basic(self.username, self.password)})


@dataclass(frozen=True)
class BearerAuthentication(NoAuthentication):
    """A token that does not change (RFC 6750)."""

    token: str = field(repr=False)

    def apply(self, request: Request) -> Request:
        return request.with_headers({"Authorization": f"Bearer {self.token}"})


@dataclass(frozen=True)
class ApiKeyAuthentication(NoAuthentication):
    """A key in a header or in the query.

    :ivar place: ``header`` or ``query``
    """

    name: str
    key: str = field(repr=False)
    place: str = "header"

    def apply(self, request: Request) -> Request:
        if self.place == "query":
            return request.with_query(self.name, self.key)
        return request.with_headers({self.name: self.key})


def basic(username: str, password: str) -> str:
    """Return the value of an ``Authorization`` header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
