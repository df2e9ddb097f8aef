"""A certificate authority for tests, made when they begin and forgotten when they end."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

VALIDITY = timedelta(days=2)
_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Issued(NamedTuple):
    """A certificate and its private key, both as PEM text."""

    certificate: str
    key: str

    @property
    def bundle(self) -> str:
        return self.certificate + self.key


class Authority:
    """Issues certificates that live for two days.

    :ivar certificate: its own, as PEM text
    :param has_identifiers: whether certificates name the keys of their owner and issuer, which RFC 5280
        requires and old authorities leave out
    """

    def __init__(self, name: str = "Sandbox authority", *, has_identifiers: bool = True):
        self._has_identifiers = has_identifiers
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_SIGNS_CERTIFICATES, critical=True)
        self.certificate = _pem(builder.sign(self._key, hashes.SHA256()))

    def issue(self, name: str, *addresses: str, passphrase: str = "", expired: bool = False) -> Issued:
        """Return a certificate for a name, host names and IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name(name), key.public_key(), expired)
        if addresses:
            names = x509.SubjectAlternativeName([_general_name(address) for address in addresses])
            builder = builder.add_extension(names, critical=False)
        encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()
        return Issued(_pem(builder.sign(self._key, hashes.SHA256())), pem)

    def _builder(self, subject, public_key, expired: bool = False) -> x509.CertificateBuilder:
        now = datetime.now(timezone.utc)
        end = now - timedelta(days=1) if expired else now + VALIDITY
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - VALIDITY)
            .not_valid_after(end)
        )
        if not self._has_identifiers:
            return builder
        own = x509.SubjectKeyIdentifier.from_public_key(public_key)
        return builder.add_extension(own, critical=False).add_extension(identifier, critical=False)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
