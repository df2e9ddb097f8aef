"""Settings of an HTTP endpoint: read from plain values, checked once, frozen after.

The library for certificates is imported when there is one to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..settings import SettingsReader
from . import oauth2, signing
from .address_guard import Network, parse_networks
from .authentication import METHODS, OAUTH_METHODS
from .headers import header_problem, parse_header_lines
from .oauth2 import OAuthSettings
from .pagination import CollectionSettings, read_collection
from .retries import Backoff
from .signing import Signer

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class DeliverySettings:
    """How documents are sent.

    :ivar path: relative to the base address; ``{name}`` stands for the document's name
    :ivar idempotency_header: by which the partner recognises a repeat; without one a POST that may have
        arrived is not repeated
    """

    path: str = ""
    method: str = "POST"
    content_type: str = "application/json"
    idempotency_header: str = ""


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """Settings of an HTTP endpoint.

    :ivar base_url: without query; paths are appended to it
    :ivar allowed_networks: networks that may be reached though they are not public
    :ivar plain_allowed: whether ``http://`` may be used at all
    :ivar authorities: PEM of the only authorities to trust, those of the machine when empty
    :ivar older_certificates: whether those authorities may issue certificates without key identifiers
    :ivar certificate: PEM of our certificate and key
    :ivar check_path: what a connection test asks for
    :ivar connect_timeout: seconds for resolving, connecting and agreeing on TLS
    :ivar read_timeout: longest silence in seconds
    :ivar total_timeout: seconds from open to close
    :ivar headers: name and value of headers sent with every request
    """

    base_url: str
    allowed_networks: tuple[Network, ...] = ()
    plain_allowed: bool = False
    authorities: str = ""
    older_certificates: bool = False
    certificate: str = field(default="", repr=False)
    certificate_passphrase: str = field(default="", repr=False)
    proxy_url: str = ""
    proxy_username: str = ""
    proxy_password: str = field(default="", repr=False)
    authentication: str = "none"
    username: str = ""
    password: str = field(default="", repr=False)
    api_key_name: str = ""
    oauth: OAuthSettings | None = None
    signer: Signer | None = None
    headers: tuple[tuple[str, str], ...] = ()
    check_path: str = ""
    collection: CollectionSettings | None = None
    delivery: DeliverySettings | None = None
    backoff: Backoff = Backoff()
    connect_timeout: float = 15.0
    read_timeout: float = 30.0
    total_timeout: float = 600.0
    maximum_response_bytes: int = 32 * MEBIBYTE
    maximum_request_bytes: int = 64 * MEBIBYTE

    @property
    def secret_parameters(self) -> tuple[str, ...]:
        """Names of parameters that carry a secret: they are kept out of what is stored."""
        return (self.api_key_name,) if self.authentication == "api_key_query" else ()

    def url(self, path: str) -> str:
        """Return the address of a path below the base address."""
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}" if path else self.base_url

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> HttpSettings:
        """Check plain values; :raises ConfigurationError: with one finding per wrong setting."""
        values = dict(values)
        plain_allowed = bool(values.pop("plain_allowed", False))
        older_certificates = bool(values.pop("older_certificates", False))
        networks = values.pop("allowed_networks", None) or ""
        reader = SettingsReader("http", values)
        authentication = reader.choice("authentication", "none", METHODS)
        settings = cls(
            base_url=_url(reader, "base_url", plain_allowed, required=True),
            plain_allowed=plain_allowed,
            allowed_networks=_networks(reader, networks),
            authorities=_parsed(reader, "authorities", _authorities, "certificates in PEM notation"),
            older_certificates=older_certificates,
            certificate=reader.text("certificate", secret=True),
            certificate_passphrase=reader.text("certificate_passphrase", secret=True),
            proxy_url=_url(reader, "proxy_url", True),
            proxy_username=reader.text("proxy_username"),
            proxy_password=reader.text("proxy_password", secret=True),
            authentication=authentication,
            username=reader.text("username"),
            password=reader.text("password", secret=True),
            api_key_name=_header_name(reader, "api_key_name", authentication.startswith("api_key")),
            oauth=_oauth(reader, authentication, plain_allowed),
            signer=_signer(reader),
            headers=_parsed(reader, "headers", parse_header_lines, "lines such as Accept: application/json")
            or (),
            check_path=reader.text("check_path"),
            collection=read_collection(reader),
            delivery=_delivery(reader),
            backoff=Backoff(attempts=reader.integer("attempts", 3, 1, 10)),
            connect_timeout=reader.seconds("connect_timeout", 15.0, 0.1, 300.0),
            read_timeout=reader.seconds("read_timeout", 30.0, 0.1, 3_600.0),
            total_timeout=reader.seconds("total_timeout", 600.0, 0.1, 86_400.0),
            maximum_response_bytes=reader.integer("maximum_response_mib", 32, 1, 1024) * MEBIBYTE,
            maximum_request_bytes=reader.integer("maximum_request_mib", 64, 1, 1024) * MEBIBYTE,
        )
        settings._check_secrets(reader)
        reader.finish()
        return settings

    def _check_secrets(self, reader: SettingsReader) -> None:
        needs_secret = self.authentication not in ("none", "private_key_jwt", "jwt_bearer")
        if needs_secret and not self.password:
            reader.refuse("password", "a secret", "none", "Choose a credential.")
        if self.authentication in ("basic", *OAUTH_METHODS) and not self.username:
            reader.refuse("username", "a user name or client id", "none", "Enter it in the credential.")
        if self.certificate:
            from . import tls

            try:
                tls.load_client_certificate(self.certificate, self.certificate_passphrase)
            except ValueError as error:
                reader.refuse("certificate", "a certificate with its key", error, "Correct the credential.")


def _url(reader: SettingsReader, name: str, plain_allowed: bool, *, required: bool = False) -> str:
    url = reader.text(name, required=required)
    if not url:
        return ""
    parts = urlsplit(url)
    try:
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or "\\" in url or " " in url:
        reader.refuse(name, "an address such as https://api.example.com/v1", "another text", "Correct it.")
    elif "@" in parts.netloc:
        reader.refuse(
            name, "an address without a user name", "one with @", "Put user and password in a credential."
        )
    elif parts.query or parts.fragment:
        reader.refuse(name, "an address without ? and #", "one with parameters", "Remove them.")
    elif parts.scheme == "http" and not plain_allowed:
        reader.refuse(
            name,
            "an address with https://",
            "http://",
            "Everybody on the way can read http://. Use https://.",
        )
    return url


def _networks(reader: SettingsReader, text: Any) -> tuple[Network, ...]:
    try:
        return parse_networks(text)
    except ValueError:
        reader.refuse(
            "allowed_networks",
            "networks such as 10.20.0.0/16, separated by commas",
            text,
            "Enter the network's own address before the slash.",
        )
        return ()


def _parsed(reader: SettingsReader, name: str, parse: Callable[[str], Any], expected: str) -> Any:
    return reader.parsed(name, parse, expected, f"Correct {name!r}.") or ""


def _authorities(pem: str) -> str:
    from . import tls

    return tls.parse_authorities(pem)


def _header_name(reader: SettingsReader, name: str, required: bool) -> str:
    value = reader.text(name, "X-API-Key" if required else "")
    if value and header_problem(value, ""):
        reader.refuse(name, "a name without spaces", value, f"Correct {name!r}.")
    return value


def _oauth(reader: SettingsReader, method: str, plain_allowed: bool) -> OAuthSettings | None:
    is_used = method in OAUTH_METHODS
    settings = OAuthSettings(
        token_url=_url(reader, "token_url", plain_allowed, required=is_used),
        client_id=reader.text("username"),
        method=method,
        client_secret=reader.text("password", secret=True),
        private_key=_signing_key(reader, method in ("private_key_jwt", "jwt_bearer")),
        scope=reader.text("scope"),
        audience=reader.text("audience"),
        assertion_audience=reader.text("assertion_audience"),
        subject=reader.text("subject"),
        algorithm=reader.choice("assertion_algorithm", "RS256", oauth2.ALGORITHMS),
        key_id=reader.text("key_id"),
    )
    return settings if is_used else None


def _signing_key(reader: SettingsReader, required: bool) -> str:
    """Return the private key as PEM without a passphrase, as authlib takes it; it stays in memory."""
    pem = reader.text("private_key", secret=True)
    passphrase = reader.text("passphrase", secret=True)
    if not required:
        return ""
    from . import tls

    try:
        return tls.unencrypted(tls.load_private_key(pem, passphrase))
    except ValueError as error:
        reader.refuse("private_key", "a private key in PEM notation", error, "Choose another credential.")
        return ""


def _signer(reader: SettingsReader) -> Signer | None:
    secret = reader.text("signing_secret", secret=True)
    canonical = _parsed(
        reader, "signing_canonical", signing.check_template, "known names in braces: {timestamp}, {body} ..."
    )
    headers = _parsed(reader, "signing_headers", _signing_headers, "lines such as X-Signature: {signature}")
    options = {name: value for name, value in (("canonical", canonical), ("headers", headers)) if value}
    signer = Signer(
        secret,
        algorithm=reader.choice("signing_algorithm", "sha256", signing.ALGORITHMS),
        encoding=reader.choice("signing_encoding", "hex", signing.ENCODINGS),
        key_id=reader.text("signing_key_id"),
        **options,
    )
    return signer if secret else None


def _signing_headers(text: str) -> tuple[tuple[str, str], ...]:
    headers = parse_header_lines(signing.check_template(text, signature=True))
    if not any("{signature}" in value for _name, value in headers):
        raise ValueError("no {signature}")
    return headers


def _delivery(reader: SettingsReader) -> DeliverySettings | None:
    is_used = reader.choice("direction", "in", ("in", "out", "both")) != "in"
    settings = DeliverySettings(
        path=reader.text("send_path"),
        method=reader.choice("send_method", "POST", ("POST", "PUT")),
        content_type=reader.text("content_type", "application/json"),
        idempotency_header=_header_name(reader, "idempotency_header", False),
    )
    return settings if is_used else None
