"""The client's certificate as a proxy forwards it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from urllib.parse import unquote

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
LONGEST_HEADER = 16_384


def fingerprint_of(header: str) -> str:
    """Return the SHA-256 of a certificate in lower-case hexadecimal, empty if the header holds none.

    Proxies forward the certificate itself (nginx: ``$ssl_client_escaped_cert``), its DER bytes in base64 or
    between colons (RFC 9440), or its SHA-256 (HAProxy: ``%[ssl_c_der,sha2(256),hex]``).

    >>> fingerprint_of("AB:" * 31 + "AB") == "ab" * 32
    True
    """
    text = unquote(header.strip()) if len(header) <= LONGEST_HEADER else ""
    digits = text.replace(":", "").lower()
    if _FINGERPRINT.fullmatch(digits):
        return digits
    if pem := _PEM.search(text):
        text = pem[1]
    try:
        der = base64.b64decode("".join(text.strip(":").split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    # A certificate is an ASN.1 sequence: anything else is a mistake of the proxy's settings.
    return hashlib.sha256(der).hexdigest() if der[:1] == b"\x30" else ""
