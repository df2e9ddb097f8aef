"""An HTTP server as a partner: a collection to read, a place to send documents to.

The HTTP library is imported when the first transport is opened.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from ...errors import DocumentError, IntegrationError, TransientError
from ..base import CHUNK_SIZE, Disposed, RemoteFile, Sent, Step, Transport, register
from ..selection import require_plain_name
from ..settings import ConfigurationError
from . import authentication as schemes
from .address_guard import AddressGuard
from .deadline import Deadline
from .dialer import Dialer, resolve
from .errors import safe_url, status_error, tls_error
from .messages import Answer, Request, origin
from .oauth2 import MemoryTokenStore, OAuthAuthentication, TokenStore
from .pagination import Page, Walk, Watermark
from .settings import HttpSettings

if TYPE_CHECKING:
    from .client import HttpClient

# RFC 6749, 5.2: only these words of a token server are repeated, its other text may hold anything
_TOKEN_ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
}
_EXTENSIONS = {"application/json": ".json", "text/csv": ".csv", "application/xml": ".xml", "text/xml": ".xml"}


@register
class HttpTransport(Transport):
    """Reads a collection page by page and sends documents.

    :param token_store: keeps access tokens between exchanges and processes
    :param watermark: where :meth:`pages` and :meth:`list` begin
    :ivar resolver: returns the addresses of a name; tests replace it by their own name service
    """

    code = "http"
    settings_class = HttpSettings
    resolver = staticmethod(resolve)

    def __init__(
        self,
        settings: HttpSettings,
        token_store: TokenStore | None = None,
        watermark: Watermark | None = None,
    ):
        super().__init__(settings)
        self.token_store = token_store or MemoryTokenStore()
        self.watermark = watermark or Watermark()
        self._client: HttpClient | None = None
        self._token_client: HttpClient | None = None
        self._oauth: OAuthAuthentication | None = None
        self._dialer: Dialer | None = None
        self._context: ssl.SSLContext | None = None
        self._listed: dict[str, bytes] = {}

    # === Verbs === #

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        idempotent: bool | None = None,
    ) -> Answer:
        """Send any request to a path below the base address; see :meth:`HttpClient.send` for errors."""
        request = Request(method.upper(), self.settings.url(path), headers or {}, body, idempotent)
        return self._require_client().send(request)

    def pages(self) -> Iterator[Page]:
        """Yield the pages of the collection from the watermark on, until the pass ends."""
        collection = self.settings.collection
        if collection is None:
            raise self._not_configured("list_path", "The endpoint only sends")
        url = self.settings.url(collection.path)
        send = self._require_client().send
        return iter(Walk(collection, url, send, self.watermark, self.settings.secret_parameters))

    def list(self) -> Sequence[RemoteFile]:
        """Return the payloads of one pass, which stay in memory until the transport is closed."""
        files = []
        for page in self.pages():
            for payload in page.payloads:
                digest = hashlib.sha256(payload).hexdigest()
                self._listed[digest] = payload
                files.append(
                    RemoteFile(self.payload_name(payload, page.content_type), len(payload), None, digest)
                )
        return files

    def fetch(self, file: RemoteFile) -> Iterator[bytes]:
        payload = self._listed.get(file.identity)
        if payload is None:
            raise TransientError(
                code="http.payload_gone",
                message="The payload is not in what was listed",
                location=self._place(),
                expected="a payload of the last listing",
                found="none",
                remedy="It is listed again at the next look.",
                subject=self._place(),
            )
        for start in range(0, len(payload), CHUNK_SIZE):
            yield payload[start : start + CHUNK_SIZE]

    def send(self, name: str, chunks: Iterable[bytes], *, idempotency_key: str = "") -> Sent:
        """Send a document by POST or PUT.

        :param idempotency_key: the same for every repeat of this document; made of name and content
            when not given
        """
        delivery = self.settings.delivery
        if delivery is None:
            raise self._not_configured("send_path", "The endpoint only receives")
        if "{name}" in delivery.path:
            require_plain_name(self.code, name)
        body = self._collected(name, chunks)
        digest = hashlib.sha256(body).hexdigest()
        headers = {"Content-Type": delivery.content_type}
        if delivery.idempotency_header:
            key = idempotency_key or hashlib.sha256(f"{name}\0{digest}".encode()).hexdigest()
            headers[delivery.idempotency_header] = key
        self.request(
            delivery.method,
            delivery.path.replace("{name}", quote(name, safe="")),
            headers=headers,
            body=body,
            idempotent=True if delivery.idempotency_header else None,
        )
        return Sent(name, len(body), digest)

    def dispose(self, file: RemoteFile) -> Disposed:
        """A collection keeps what it holds: the watermark says what was taken."""
        return Disposed("left")

    def payload_name(self, payload: bytes, content_type: str) -> str:
        """Return a name for a payload: the last part of the path, a piece of its hash, its kind."""
        path = urlsplit(self.settings.url(self.settings.collection.path)).path.rstrip("/")
        stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in path.rpartition("/")[2])[:60]
        extension = _EXTENSIONS.get(content_type.partition(";")[0].strip().lower(), "")
        return f"{stem or 'answer'}-{hashlib.sha256(payload).hexdigest()[:16]}{extension}"

    # === Opening === #

    def _opening_steps(self) -> Sequence[Step]:
        """Nothing is connected before the first request."""
        settings = self.settings
        deadline = Deadline(self._remaining_seconds(), settings.read_timeout)
        guard = AddressGuard(settings.allowed_networks)
        self._dialer = Dialer(guard, settings.connect_timeout, deadline, self.resolver)
        self._context = self._make_context()
        self._token_client = self._make_client(deadline, refusal=_token_refused)
        self._client = self._make_client(
            deadline,
            authentication=self._make_authentication(),
            signer=settings.signer,
            admit=self.gate.admit,
        )
        return []

    def _admit_opening(self) -> None:
        """Each request asks for itself."""

    def _disconnect(self) -> None:
        for client in (self._client, self._token_client):
            if client is not None:
                client.close()
        self._client = self._token_client = None
        self._listed = {}

    def _place(self) -> str:
        return safe_url(self.settings.base_url)

    def _make_client(self, deadline: Deadline, **options) -> HttpClient:
        from .client import HttpClient

        return HttpClient(self.settings, self._context, deadline, self._dialer, **options)

    def _make_context(self) -> ssl.SSLContext:
        from . import tls

        settings = self.settings
        try:
            return tls.make_context(
                settings.authorities,
                settings.certificate,
                settings.certificate_passphrase,
                older_certificates=settings.older_certificates,
            )
        except (ValueError, ssl.SSLError) as error:
            raise ConfigurationError(
                code="http.setting",
                message="The certificates of the endpoint cannot be used",
                location="certificate",
                expected="certificates in PEM notation, with their key",
                found=str(error) if isinstance(error, ValueError) else "unusable",
                remedy="Correct the credential with the certificate, or the authorities.",
                subject=self._place(),
            ) from None

    def _make_authentication(self) -> schemes.Authentication:
        settings = self.settings
        if settings.authentication == "basic":
            return schemes.BasicAuthentication(settings.username, settings.password)
        if settings.authentication == "bearer":
            return schemes.BearerAuthentication(settings.password)
        if settings.authentication.startswith("api_key"):
            place = settings.authentication.rpartition("_")[2]
            return schemes.ApiKeyAuthentication(settings.api_key_name, settings.password, place)
        if settings.oauth is not None:
            self._oauth = OAuthAuthentication(settings.oauth, self.token_store, self._token_client.send)
            return self._oauth
        return schemes.NoAuthentication()

    def _require_client(self) -> HttpClient:
        if self._client is None:
            raise RuntimeError("A transport is used inside its with block.")
        return self._client

    def _collected(self, name: str, chunks: Iterable[bytes]) -> bytes:
        """Return the document as one piece, since it may be signed and repeated."""
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self.settings.maximum_request_bytes:
                raise DocumentError(
                    code="http.document_too_large",
                    message="The document is larger than the endpoint allows",
                    location=name,
                    expected=f"at most {self.settings.maximum_request_bytes} bytes",
                    found="more",
                    remedy="Send less at once, or raise the limit in the endpoint.",
                    subject=name,
                )
        return bytes(body)

    def _not_configured(self, setting: str, message: str) -> ConfigurationError:
        return ConfigurationError(
            code="http.setting",
            message=message,
            location=setting,
            expected="a direction that allows this",
            found="another",
            remedy="Change the direction of the endpoint.",
            subject=self._place(),
        )

    # === Check === #

    def _check_steps(self, probe_write: bool) -> Sequence[Step]:
        """A check writes nothing, also with ``probe_write``: no request is known to be without effect."""
        steps = [
            ("Name resolved", self._check_name),
            ("Address allowed", self._check_address),
            ("Connected", self._check_connection),
        ]
        if origin(self.settings.base_url)[0] == "https" and not self.settings.proxy_url:
            steps.append(("TLS agreed", self._check_tls))
        if self._oauth is not None:
            steps.append(("Access token received", self._check_token))
        return [*steps, ("Server answered", self._check_answer)]

    def _first_hop(self) -> tuple[str, int]:
        """Return host and port that are connected to: the proxy's, if there is one."""
        _scheme, host, port = origin(self.settings.proxy_url or self.settings.base_url)
        return host, port

    def _check_name(self) -> str:
        candidates = self._dialer.candidates(*self._first_hop())
        through = "Proxy: " if self.settings.proxy_url else ""
        return through + ", ".join(dict.fromkeys(candidate.text for candidate in candidates))

    def _check_address(self) -> str:
        allowed = self._dialer.allowed(*self._first_hop())
        return ", ".join(dict.fromkeys(candidate.text for candidate in allowed))

    def _check_connection(self) -> str:
        host, port = self._first_hop()
        with self._dialer.connect(host, port) as connection:
            return f"{connection.getpeername()[0]}, port {port}"

    def _check_tls(self) -> str:
        from . import tls

        host, port = self._first_hop()
        with self._dialer.connect(host, port) as connection:
            try:
                with self._context.wrap_socket(connection, server_hostname=host) as secured:
                    return tls.describe_peer(secured)
            except ssl.SSLError as error:
                raise tls_error(error, f"{host}:{port}") from error
            except OSError as error:
                raise self._tls_lost(host, port) from error

    def _tls_lost(self, host: str, port: int) -> TransientError:
        return TransientError(
            code="http.protocol",
            message="The server ended the connection instead of agreeing on TLS",
            location=f"{host}:{port}",
            expected="a TLS handshake",
            found="an end of the connection",
            remedy="Check the port, or ask the partner's support.",
            subject=self._place(),
        )

    def _check_token(self) -> str:
        token = self._oauth.fetch()
        return f"From {self.settings.oauth.place}, valid for {max(0, int(token.expires_at - time.time()))} s"

    def _check_answer(self) -> str:
        settings = self.settings
        path = settings.check_path or (settings.collection.path if settings.collection else "")
        began = time.monotonic()
        try:
            answer = self.request("GET", path)
        except ConfigurationError as error:
            # an endpoint that only sends need not have anything to read
            if settings.check_path or settings.collection or error.code != "http.request_refused":
                raise
            return f"{error.found}; enter a path for the test to try the credential"
        milliseconds = (time.monotonic() - began) * 1000
        return f"{answer.status}, {len(answer.body)} bytes, {milliseconds:.0f} ms"


def _token_refused(request: Request, answer: Answer) -> IntegrationError:
    """Return the error for a token server that says no; only a person can change that."""
    place = safe_url(request.url)
    if answer.status == 407 or answer.status >= 500:
        return status_error(answer.status, place, sending=False, retry_after=None)
    word = ""
    with suppress(ValueError, AttributeError, RecursionError):
        word = str(json.loads(answer.body).get("error"))
    return ConfigurationError(
        code="http.token_refused",
        message="The token server refuses us",
        location=place,
        expected="an access token",
        found=f"{answer.status} {word}" if word in _TOKEN_ERRORS else str(answer.status),
        remedy="Correct the client id, its secret or key, the scope or the audience.",
        subject=place,
    )
