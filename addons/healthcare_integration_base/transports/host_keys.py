"""Pinned SSH host keys: what an administrator approved, compared with what a server presents.

Two notations are accepted, one per line, ``#`` begins a comment line: a line of OpenSSH's
``known_hosts`` (the host in it is not compared, the endpoint already names it) or a fingerprint as
``ssh-keygen -l`` prints it, ``SHA256:...``. Several lines approve several keys, as needed while a
partner changes his key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

# key type -> signature algorithms that prove it, best first (RFC 8332 for RSA; SHA-1 is not used)
ALGORITHMS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
# the word that ssh-keygen -l prints -> key types
_PRINTED_TYPES = {
    "ED25519": ("ssh-ed25519",),
    "ECDSA": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "RSA": ("ssh-rsa",),
}
_FINGERPRINT = re.compile(r"\bSHA256:([A-Za-z0-9+/]{43})=?(?=\s|$)")


@dataclass(frozen=True)
class HostKeyPin:
    """One approved key.

    :ivar digest: SHA-256 of the public key in SSH wire format
    :ivar key_types: the types it may be of; all when only a fingerprint is known
    """

    digest: bytes
    key_types: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint as OpenSSH prints it."""
        return _printed(self.digest)

    def fits(self, key: bytes) -> bool:
        """Tell whether ``key`` (wire format) is the approved one."""
        return hmac.compare_digest(self.digest, hashlib.sha256(key).digest())


def parse_host_keys(text: str) -> tuple[HostKeyPin, ...]:
    """Return the pins in ``text``; :raises ValueError: with a reason, when a line is neither notation."""
    lines = (line.strip() for line in text.splitlines())
    pins = tuple(_parse_line(line) for line in lines if line and not line.startswith("#"))
    if not pins:
        raise ValueError("no key")
    return pins


def offers(pins: Sequence[HostKeyPin]) -> list[tuple[str, ...]]:
    """Return the signature algorithms to offer, one tuple per connection attempt.

    A server with several keys presents the one whose type is offered first. With a bare
    fingerprint the type is unknown, so the families are tried one after the other.
    """
    types = [key_type for pin in pins for key_type in pin.key_types]
    if not types or len(types) < len(ALGORITHMS):
        wanted = dict.fromkeys(types or ALGORITHMS)
        return [tuple(algorithm for key_type in wanted for algorithm in ALGORITHMS[key_type])]
    return [
        tuple(algorithm for key_type in family for algorithm in ALGORITHMS[key_type])
        for family in _PRINTED_TYPES.values()
    ]


def fingerprint(key: bytes) -> str:
    """Return the fingerprint of a public key in SSH wire format, as OpenSSH prints it."""
    return _printed(hashlib.sha256(key).digest())


def _printed(digest: bytes) -> str:
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _parse_line(line: str) -> HostKeyPin:
    if line.startswith("@"):
        raise ValueError("markers such as @cert-authority are not supported")
    if match := _FINGERPRINT.search(line):
        return HostKeyPin(base64.b64decode(match[1] + "="), _printed_types(line))
    words = line.split()
    for position, word in enumerate(words[:3]):
        if word in ALGORITHMS and position + 1 < len(words):
            return HostKeyPin(hashlib.sha256(_wire_key(word, words[position + 1])).digest(), (word,))
    raise ValueError("neither a known_hosts line nor a SHA256: fingerprint")


def _printed_types(line: str) -> tuple[str, ...]:
    for word, key_types in _PRINTED_TYPES.items():
        if line.endswith(f"({word})"):
            return key_types
    return tuple(ALGORITHMS)


def _wire_key(key_type: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError(f"the {key_type} key is not base64") from None
    length = int.from_bytes(key[:4], "big")
    if key[4 : 4 + length] != key_type.encode() or len(key) <= 4 + length:
        raise ValueError(f"the key is cut off or not of type {key_type}")
    return key
