"""A partner for tests: a real HTTP or HTTPS server on loopback, with an OAuth 2 token server inside.

It runs in threads of the test's process and ends with the block of :func:`running`::

    with running(issued=authority.issue("api", "127.0.0.1")) as partner:
        requests.get(partner.url + "/items")

===================  =================================================================================
path                 what it does
===================  =================================================================================
``/items``           a collection of ``partner.records`` in pages, by page, offset, cursor or link
``/documents``       takes documents; the same ``Idempotency-Key`` is taken once
``/token``           issues tokens to ``partner.client``, see :meth:`Partner.issue_token`
``/secure``          asks for a token that ``/token`` has issued
``/echo``            answers with what it was sent
``/fault/...``       the faults of :class:`_Faults`
===================  =================================================================================
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import struct
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jwk, jwt
from joserfc.errors import JoseError

HOST = "127.0.0.1"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class Client:
    """An OAuth client as the token server knows it.

    :ivar public_key: PEM of the key that its assertions are verified with
    """

    identifier: str = "hospital"
    secret: str = "k!eep&this=secret"
    public_key: str = ""
    algorithm: str = "RS256"


@dataclass
class Seen:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = field(repr=False)
    certificate: str = ""


class Partner:
    """A running server.

    :ivar seen: the requests, in the order of their arrival
    :ivar documents: what ``/documents`` took, by idempotency key or number
    :ivar tokens: the tokens that are accepted
    :ivar failures: statuses that ``/fault/then-good`` still has to answer with
    :ivar coded: Content-Encoding, body and status that ``/fault/coded`` answers with
    """

    def __init__(self, url: str):
        self.url = url
        self.seen: list[Seen] = []
        self.records: list[dict] = []
        self.documents: dict[str, bytes] = {}
        self.client = Client()
        self.tokens: set[str] = set()
        self.token_lifetime = 3600
        self.token_delay = 0.0
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.elsewhere = ""
        self.coded = ("gzip", b"", 200)
        self.redirect_status = 302
        self.assertion_ids: set[str] = set()
        self.stopped = threading.Event()
        self.lock = threading.Lock()

    @property
    def counts(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(request.path for request in self.seen)

    @property
    def port(self) -> int:
        return urlsplit(self.url).port

    # === Tokens === #

    def issue_token(self, request: Seen) -> tuple[int, dict]:
        """Answer a token request: by secret, private_key_jwt or JWT bearer, else ``invalid_client``."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        time.sleep(self.token_delay)
        if form.get("grant_type") == JWT_BEARER:
            accepted = self._verifies(form.get("assertion", ""))
        elif "client_assertion" in form:
            accepted = self._verifies(form["client_assertion"], subject=self.client.identifier)
        else:
            accepted = self._secret_of(request, form) == (self.client.identifier, self.client.secret)
        if not accepted:
            return 401, {"error": "invalid_client", "error_description": "of " + request.body.decode()}
        with self.lock:
            token = f"token-{len(self.tokens) + 1}-{time.monotonic_ns()}"
            self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.token_lifetime}

    def _secret_of(self, request: Seen, form: dict[str, str]) -> tuple[str, str]:
        header = request.headers.get("authorization", "")
        if header.startswith("Basic "):
            login, _colon, secret = base64.b64decode(header[6:]).decode().partition(":")
            return unquote(login), unquote(secret)
        return form.get("client_id", ""), form.get("client_secret", "")

    def _verifies(self, assertion: str, subject: str = "") -> bool:
        """Verify signature, issuer, audience, life and single use of an assertion (RFC 7523, 3)."""
        kind = "EC" if self.client.algorithm.startswith("ES") else "RSA"
        try:
            key = jwk.import_key(self.client.public_key, kind)
            claims = jwt.decode(assertion, key, algorithms=[self.client.algorithm]).claims
        except (JoseError, ValueError):
            return False
        with self.lock:
            fresh = claims["jti"] not in self.assertion_ids
            self.assertion_ids.add(claims["jti"])
        right = claims["iss"] == self.client.identifier and claims["aud"] == self.url + "/token"
        return fresh and right and claims["exp"] > time.time() and claims["sub"] == (subject or claims["sub"])

    # === Collection === #

    def page(self, request: Seen) -> tuple[dict, dict[str, str]]:
        """Return body and headers of a page of ``/items``."""
        query, size = request.query, int(request.query.get("size", 2))
        records = [record for record in self.records if record["at"] >= query.get("since", "")]
        if "page" in query:
            start = (int(query["page"]) - 1) * size
        else:
            start = int(query.get("offset") or query.get("cursor") or 0)
        body = {"data": records[start : start + size], "meta": {}}
        headers = {}
        if start + size < len(records):
            body["meta"]["next"] = str(start + size)
            next_url = f"{self.elsewhere or self.url}/items?size={size}&cursor={start + size}"
            body["meta"]["next_url"] = next_url
            headers["Link"] = f'<{self.url}/items>; rel="first", <{next_url}>; rel="next"'
        return body, headers


class _Faults:
    """Answers that go wrong on purpose, by the last part of the path."""

    @staticmethod
    def then_good(handler: _Handler) -> None:
        if handler.partner.failures:
            status, headers = handler.partner.failures.pop(0)
            handler.answer(status, b"private details", headers)
        else:
            handler.answer(200, b"good")

    @staticmethod
    def silent(handler: _Handler) -> None:
        handler.partner.stopped.wait(20)

    @staticmethod
    def drip(handler: _Handler) -> None:
        """Send a byte of the body now and then: no single silence is long."""
        handler.begin(200, {"Content-Length": "1000"})
        for _byte in range(1000):
            handler.wfile.write(b".")
            if handler.partner.stopped.wait(0.1):
                return

    @staticmethod
    def drip_headers(handler: _Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not handler.partner.stopped.wait(0.1):
            handler.wfile.write(b".")

    @staticmethod
    def cut(handler: _Handler) -> None:
        """End the connection in mid-body, with a reset."""
        handler.begin(200, {"Content-Length": "1000"})
        handler.wfile.write(b"the first part")
        handler.reset()

    @staticmethod
    def take_and_cut(handler: _Handler) -> None:
        """Take the request and end the connection without an answer."""
        handler.reset()

    @staticmethod
    def large(handler: _Handler) -> None:
        """Send more than three megabytes without saying so before."""
        handler.begin(200, {"Transfer-Encoding": "chunked"})
        block = b"x" * 65536
        for _block in range(50):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
        handler.wfile.write(b"0\r\n\r\n")

    @staticmethod
    def announced_large(handler: _Handler) -> None:
        handler.begin(200, {"Content-Length": "999999999"})

    @staticmethod
    def gzip_bomb(handler: _Handler) -> None:
        """Send less than half a megabyte that inflates to 256 megabytes."""
        compressor = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
        body = b"".join(compressor.compress(bytes(1 << 20)) for _block in range(256)) + compressor.flush()
        handler.answer(200, body, {"Content-Encoding": "gzip"})

    @staticmethod
    def coded(handler: _Handler) -> None:
        """Send ``partner.coded``, whatever coding is asked for."""
        coding, body, status = handler.partner.coded
        handler.answer(status, body, {"Content-Encoding": coding})

    @staticmethod
    def garbage(handler: _Handler) -> None:
        handler.wfile.write(b"\x00\x01 this is not HTTP \r\n\r\n")

    @staticmethod
    def redirect(handler: _Handler) -> None:
        handler.answer(handler.partner.redirect_status, b"", {"Location": handler.partner.elsewhere})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    partner: Partner

    def do_GET(self) -> None:
        request = self._arrived()
        path = request.path
        with suppress(ConnectionError, ssl.SSLError):
            if path.startswith("/fault/"):
                self.close_connection = True
                getattr(_Faults, path.rpartition("/")[2].replace("-", "_"))(self)
            elif path == "/items":
                body, headers = self.partner.page(request)
                self.answer(200, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
            elif path == "/token":
                status, body = self.partner.issue_token(request)
                self.answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})
            elif path == "/secure":
                token = request.headers.get("authorization", "").removeprefix("Bearer ")
                self.answer(200 if token in self.partner.tokens else 401, b"[]")
            elif path.startswith("/documents"):
                self._take(request)
            elif path == "/echo":
                seen = {"headers": request.headers, "query": request.query, "from": request.certificate}
                self.answer(200, json.dumps(seen).encode())
            else:
                self.answer(404, b"no such path")

    do_POST = do_PUT = do_HEAD = do_GET

    def do_CONNECT(self) -> None:
        """Be a proxy: connect to the named address, whatever it is, and pass bytes on."""
        self.partner.seen.append(Seen("CONNECT", self.path, {}, self._headers(), b""))
        wanted = self.partner.client.secret
        if self.headers.get("Proxy-Authorization", "") != _basic("proxy", wanted):
            self.answer(407, b"")
            return
        host, _colon, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as upstream:
            self.begin(200, {})
            back = threading.Thread(target=_pass_on, args=(upstream, self.connection), daemon=True)
            back.start()
            _pass_on(self.connection, upstream)
            back.join(5)
        self.close_connection = True

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.begin(status, {"Content-Length": str(len(body)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def reset(self) -> None:
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_arguments) -> None:
        """Say nothing."""

    def _arrived(self) -> Seen:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Seen(self.command, parts.path, query, self._headers(), body, self._certificate())
        self.partner.seen.append(request)
        return request

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _certificate(self) -> str:
        if not isinstance(self.connection, ssl.SSLSocket):
            return ""
        subject = (self.connection.getpeercert() or {}).get("subject", ())
        return ", ".join(value for part in subject for _name, value in part)

    def _take(self, request: Seen) -> None:
        with self.partner.lock:
            key = request.headers.get("idempotency-key") or str(len(self.partner.documents))
            self.partner.documents.setdefault(key, request.body)
        self.answer(201, b"{}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def finish_request(self, request, client_address) -> None:
        """Agree on TLS in the thread of the connection, so that one that hangs holds nobody up."""
        if self.context is not None:
            request.settimeout(10)
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().finish_request(request, client_address)
        with suppress(OSError):
            request.close()

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is no error here."""


@contextmanager
def running(issued=None, client_authorities: str = "") -> Iterator[Partner]:
    """Run a partner on a free port; it speaks HTTPS when it has a certificate.

    :param issued: certificate and key of the server, as :class:`.authority.Issued`
    :param client_authorities: PEM; clients must then show a certificate of one of them
    """
    server = _Server((HOST, 0), type("Handler", (_Handler,), {}))
    if issued is not None:
        server.context = _context(issued, client_authorities)
    scheme = "https" if issued is not None else "http"
    partner = Partner(f"{scheme}://{HOST}:{server.server_address[1]}")
    server.RequestHandlerClass.partner = partner
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield partner
    finally:
        partner.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def _context(issued, client_authorities: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(issued.bundle)
        file.flush()
        context.load_cert_chain(file.name)
    if client_authorities:
        context.load_verify_locations(cadata=client_authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _basic(login: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(65536):
            target.sendall(block)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
