"""TLS: whom we trust, and who we are.

The key of a client certificate must be in a file for Python's ssl module. It is written encrypted with a
passphrase that is drawn for the purpose and kept in memory, to a file with rights 0600 that is deleted
before anything is sent: what a crash may leave on the disk is of no use to anybody.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from typing import Any

import requests.certs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from .deadline import DeadlineSSLSocket

_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate, those that it was issued with, and its private key.

    :ivar chain: the certificate of the key first
    """

    chain: tuple[x509.Certificate, ...]
    key: Any

    @property
    def expires_on(self) -> datetime:
        return _end(self.chain[0])


def load_client_certificate(pem: str, passphrase: str = "") -> ClientCertificate:
    """Return the certificate and key of a PEM text that holds both, in any order.

    :raises ValueError: saying what is missing or does not fit; never shows the text
    """
    data = pem.encode()
    try:
        certificates = x509.load_pem_x509_certificates(data)
    except ValueError:
        raise ValueError("no certificate (BEGIN CERTIFICATE) can be read") from None
    key = load_private_key(pem, passphrase)
    public = _public_bytes(key.public_key())
    own = [certificate for certificate in certificates if _public_bytes(certificate.public_key()) == public]
    if not own:
        raise ValueError("the private key belongs to none of the certificates")
    others = [certificate for certificate in certificates if certificate is not own[0]]
    return ClientCertificate((own[0], *others), key)


def load_private_key(pem: str, passphrase: str = "") -> Any:
    """Return the private key in a PEM text; :raises ValueError: saying why it cannot be read."""
    match = _PRIVATE_KEY.search(pem)
    if match is None:
        raise ValueError("no private key (BEGIN PRIVATE KEY) is in the text")
    try:
        return load_pem_private_key(match[0].encode(), passphrase.encode() or None)
    except TypeError:
        raise ValueError("the key needs its passphrase, or has none and was given one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the private key cannot be read, or the passphrase is wrong") from None


def unencrypted(key: Any) -> str:
    """Return a private key as PEM without a passphrase, for use in memory."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: Any) -> str:
    """Return the public part of a private key as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_fingerprint(key: Any) -> str:
    """Return SHA-256 over the public part of a private key."""
    return "SHA256:" + hashlib.sha256(_public_bytes(key.public_key())).hexdigest()


def certificates_pem(client: ClientCertificate) -> str:
    """Return the certificates, without the key."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in client.chain)


def certificate_fingerprint(client: ClientCertificate) -> str:
    """Return SHA-256 over our certificate, as partners and browsers show it."""
    return "SHA256:" + client.chain[0].fingerprint(hashes.SHA256()).hex()


def make_context(
    authorities: str = "", certificate: str = "", passphrase: str = "", *, older_certificates: bool = False
) -> ssl.SSLContext:
    """Return a context that verifies the server, with TLS 1.2 or newer.

    :param authorities: PEM of the only authorities to trust; those of this machine and of the
        certifi package when empty
    :param certificate: PEM of a client certificate and its key
    :param older_certificates: take certificates of these authorities that are not formed as RFC 5280
        requires, e.g. without key identifiers; those of public authorities always must be
    :raises ValueError: when either cannot be used
    """
    if not authorities and not certificate:
        return _machine_context()
    context = _verifying_context(authorities)
    if authorities and older_certificates:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if certificate:
        _load_chain(context, load_client_certificate(certificate, passphrase))
    return context


@cache
def _machine_context() -> ssl.SSLContext:
    """Return the context of the many endpoints without a setting of their own; reading the authorities
    takes some milliseconds of the processor."""
    return _verifying_context("")


def _verifying_context(authorities: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authorities or None)
    if not authorities:
        context.load_verify_locations(requests.certs.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python's default since 3.13: the same certificates are taken on every release
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.sslsocket_class = DeadlineSSLSocket
    return context


def parse_authorities(pem: str) -> str:
    """Return the text if it holds certificates; :raises ValueError: when it does not."""
    x509.load_pem_x509_certificates(pem.encode())
    return pem


def describe_peer(connection: ssl.SSLSocket) -> str:
    """Return protocol, issuer and end of validity of the server's certificate, for a connection test."""
    certificate = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))
    issuer = certificate.issuer.rfc4514_string()[:120]
    return f"{connection.version()}, issued by {issuer}, valid until {_end(certificate):%Y-%m-%d}"


def _load_chain(context: ssl.SSLContext, client: ClientCertificate) -> None:
    passphrase = secrets.token_urlsafe(32)
    key = client.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
    )
    descriptor, path = tempfile.mkstemp(prefix="certificate-")  # rights 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificates_pem(client).encode() + key)
        context.load_cert_chain(path, password=passphrase)
    except ssl.SSLError:
        raise ValueError("the certificate and its key cannot be used together") from None
    finally:
        os.unlink(path)


def _public_bytes(key: Any) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _end(certificate: x509.Certificate) -> datetime:
    # cryptography 41 knows only the naive one, newer releases warn of it
    aware = getattr(certificate, "not_valid_after_utc", None)
    return aware or certificate.not_valid_after.replace(tzinfo=timezone.utc)
