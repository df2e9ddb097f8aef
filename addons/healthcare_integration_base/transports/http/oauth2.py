"""Access tokens of OAuth 2: client credentials (RFC 6749), JWT bearer and private_key_jwt (RFC 7523).

The assertions are signed by authlib, which is imported when the first one is made. Who keeps the tokens is
up to the caller: a store that several processes share asks for a new one only once.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from ...errors import TransientError
from ..settings import ConfigurationError
from .authentication import basic
from .errors import AGAIN, safe_url
from .messages import Answer, Request

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
ASSERTION_SECONDS = 300
DEFAULT_LIFETIME = 300.0
# a token is replaced while it is still good, by this part of its life and at most so many seconds
RENEW_FRACTION, RENEW_SECONDS = 0.2, 120.0


@dataclass(frozen=True)
class Token:
    """An access token.

    :ivar expires_at: seconds since 1970, by our clock
    :ivar renew_at: from here on a new one is asked for, while this one still works
    """

    value: str = field(repr=False)
    expires_at: float
    renew_at: float

    @property
    def is_usable(self) -> bool:
        return time.time() < self.expires_at

    @property
    def is_fresh(self) -> bool:
        return time.time() < self.renew_at


class TokenStore(Protocol):
    """Where tokens are kept between requests, and between processes."""

    def token(self, fetch: Callable[[], Token], refused: str = "") -> Token:
        """Return a usable token, asking for a new one by ``fetch`` when there is none.

        :param refused: a token that the server did not take: it is not returned again
        """


class MemoryTokenStore:
    """Keeps one token for the threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self, fetch: Callable[[], Token], refused: str = "") -> Token:
        with self._lock:
            kept = self._token
            if kept is None or not kept.is_fresh or kept.value == refused:
                kept = self._token = fetch()
            return kept


@dataclass(frozen=True)
class OAuthSettings:
    """Where and how tokens are asked for.

    :ivar method: one of ``authentication.OAUTH_METHODS``
    :ivar scope: separated by spaces
    :ivar audience: of the token (a parameter that some servers ask for)
    :ivar assertion_audience: ``aud`` of an assertion, the token address when empty
    :ivar subject: ``sub`` of a JWT bearer assertion: on whose behalf; the client id when empty
    :ivar key_id: ``kid`` of the assertion's header
    """

    token_url: str
    client_id: str
    method: str
    client_secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    scope: str = ""
    audience: str = ""
    assertion_audience: str = ""
    subject: str = ""
    algorithm: str = "RS256"
    key_id: str = ""

    @property
    def place(self) -> str:
        return safe_url(self.token_url)


class OAuthAuthentication:
    """Adds an access token to requests; gets another one when the server refuses it.

    :param send: sends a request to the token server and returns its answer of success
    """

    def __init__(self, settings: OAuthSettings, store: TokenStore, send: Callable[[Request], Answer]):
        self._settings = settings
        self._store = store
        self._send = send
        self._used = ""

    def apply(self, request: Request) -> Request:
        self._used = self._store.token(self.fetch).value
        return request.with_headers({"Authorization": f"Bearer {self._used}"})

    def renew(self) -> bool:
        return self._store.token(self.fetch, refused=self._used).value != self._used

    def fetch(self) -> Token:
        """Ask the token server for a token, whatever the store holds."""
        began = time.time()
        return parse_token(self._send(token_request(self._settings)), began, self._settings.place)


def token_request(settings: OAuthSettings) -> Request:
    """Return the request for a token. A repetition does no harm: it yields another token."""
    form = {"grant_type": "client_credentials"}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if settings.method == "client_secret_basic":
        # RFC 6749, 2.3.1: both parts are form-encoded before they are joined
        headers["Authorization"] = basic(quote(settings.client_id, ""), quote(settings.client_secret, ""))
    elif settings.method == "client_secret_post":
        form.update(client_id=settings.client_id, client_secret=settings.client_secret)
    elif settings.method == "private_key_jwt":
        form.update(
            client_id=settings.client_id,
            client_assertion_type=CLIENT_ASSERTION,
            client_assertion=_assertion(settings, subject=settings.client_id),
        )
    else:
        subject = settings.subject or settings.client_id
        form.update(grant_type=JWT_BEARER, assertion=_assertion(settings, subject=subject))
    for name in ("scope", "audience"):
        if getattr(settings, name):
            form[name] = getattr(settings, name)
    return Request("POST", settings.token_url, headers, urlencode(form).encode(), idempotent=True)


def parse_token(answer: Answer, began: float, place: str) -> Token:
    """Return the token of an answer (RFC 6749, 5.1).

    :param began: seconds since 1970 when it was asked for: its life counts from there
    :raises TransientError: code ``http.token_answer`` when the answer holds none
    """
    try:
        content: Any = json.loads(answer.body)
        value = content["access_token"]
        lifetime = float(content.get("expires_in") or DEFAULT_LIFETIME)
        usable = isinstance(value, str) and value and str(content["token_type"]).lower() == "bearer"
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        usable = False
    if not usable:
        raise TransientError(
            code="http.token_answer",
            message="The token server's answer holds no bearer token",
            location=place,
            expected="JSON with access_token and token_type Bearer",
            found="something else",
            remedy=AGAIN + "check the token address.",
            subject=place,
        )
    margin = min(RENEW_SECONDS, lifetime * RENEW_FRACTION)
    return Token(value, began + lifetime, began + lifetime - margin)


def _assertion(settings: OAuthSettings, subject: str) -> str:
    """Return a signed assertion of a short life, with a fresh ``jti``."""
    from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion
    from joserfc.jwk import ECKey, RSAKey

    header = {"alg": settings.algorithm, "typ": "JWT"}
    if settings.key_id:
        header["kid"] = settings.key_id
    try:
        return sign_jwt_bearer_assertion(
            (ECKey if settings.algorithm.startswith("ES") else RSAKey).import_key(settings.private_key),
            issuer=settings.client_id,
            audience=settings.assertion_audience or settings.token_url,
            subject=subject,
            header=header,
            expires_in=ASSERTION_SECONDS,
        )
    except Exception as error:  # what a key that does not fit raises is several libraries' own matter
        raise ConfigurationError(
            code="http.assertion",
            message="The private key cannot sign with this algorithm",
            location=settings.place,
            expected=f"a key for {settings.algorithm}",
            found=type(error).__name__,
            remedy="Choose the algorithm that the partner registered for this key.",
            subject=settings.client_id,
        ) from None
