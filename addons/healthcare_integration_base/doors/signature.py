"""Signatures of webhooks: HMAC-SHA256 over a timestamp and the raw bytes of the body.

Partners differ in the names of their headers, in the encoding of the code and in what stands before it: that
is the :class:`SignatureProfile`. The timestamp is always covered by the signature: without it an old request
could be sent again for ever.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SECRET_PREFIX = "whsec_"
_MOST_SIGNATURES = 8
_LONGEST_HEADER = 4096
_DIGEST_SIZE = hashlib.sha256().digest_size
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignatureProfile:
    """How a partner signs.

    :ivar signature_header: name of the header with one or more codes, separated by commas or spaces
    :ivar timestamp_header: name of the header with the seconds since 1970; empty when the time stands in the
        signature's header as ``t=1700000000``
    :ivar event_header: name of the header with the event's identifier; when set, it is signed too. It holds
        no full stop: the stops between identifier, time and body would not tell one from the other
    :ivar prefix: what stands before each code, e.g. ``v1=``; other codes are left aside
    :ivar encoding: ``hex`` or ``base64``
    :ivar window_seconds: how far the partner's clock and the way may be off
    """

    signature_header: str = "X-Signature"
    timestamp_header: str = "X-Timestamp"
    event_header: str = ""
    prefix: str = ""
    encoding: str = "hex"
    window_seconds: int = 300

    def sign(self, secret: str, body: bytes, timestamp: int, event: str = "") -> dict[str, str]:
        """Return the headers that a partner of this profile sends with a body."""
        code = _code(secret, self._signed_content(str(timestamp), event, body))
        text = code.hex() if self.encoding == "hex" else base64.b64encode(code).decode()
        headers = {self.signature_header: self.prefix + text}
        if self.timestamp_header:
            headers[self.timestamp_header] = str(timestamp)
        else:
            headers[self.signature_header] = f"t={timestamp},{self.prefix}{text}"
        if self.event_header:
            headers[self.event_header] = event
        return headers

    def is_genuine(self, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: float) -> bool:
        """Tell whether one of the secrets signed these bytes within the window.

        Every code is compared with that of every secret, each in constant time.

        :param secrets: one, or two while the secret is being exchanged; none is never genuine
        :param headers: of the request
        :param now: seconds since 1970
        """
        parts = _parts(headers.get(self.signature_header, ""))
        timestamp = self._timestamp(headers, parts)
        event = headers.get(self.event_header, "") if self.event_header else ""
        if not timestamp or (self.event_header and not _is_identifier(event)):
            return False
        content = self._signed_content(timestamp, event, body)
        given = self._codes(parts)
        matches = [
            hmac.compare_digest(_code(secret, content), code)
            for secret in secrets
            if secret
            for code in given
        ]
        return any(matches) and abs(now - int(timestamp)) <= self.window_seconds

    def _signed_content(self, timestamp: str, event: str, body: bytes) -> bytes:
        named = f"{event}.{timestamp}." if self.event_header else f"{timestamp}."
        return named.encode("utf-8", "surrogateescape") + body

    def _timestamp(self, headers: Mapping[str, str], parts: list[str]) -> str:
        """Return the digits of the time as they were signed, empty if there are none."""
        if self.timestamp_header:
            text = headers.get(self.timestamp_header, "").strip()
        else:
            named = (part[2:] for part in parts if part.startswith("t=") and "," not in part)
            text = next(named, "")
        return text if _TIME.fullmatch(text) else ""

    def _codes(self, parts: list[str]) -> list[bytes]:
        """Return the decoded codes of the header that have the profile's prefix and the right length."""
        texts = [part[len(self.prefix) :] for part in parts if part.startswith(self.prefix)]
        codes = [_decoded(text, self.encoding) for text in texts[:_MOST_SIGNATURES]]
        return [code for code in codes if len(code) == _DIGEST_SIZE]


def _is_identifier(event: str) -> bool:
    return bool(event) and "." not in event and len(event) <= _LONGEST_HEADER


def _parts(header: str) -> list[str]:
    """Return what is between spaces, and between commas too: the comma of ``v1,code`` is of the prefix."""
    if len(header) > _LONGEST_HEADER:
        return []
    words = header.split()
    return [*words, *(part for word in words for part in word.split(",") if "," in word)]


def _decoded(text: str, encoding: str) -> bytes:
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _code(secret: str, content: bytes) -> bytes:
    return hmac.new(_secret_bytes(secret), content, hashlib.sha256).digest()


def _secret_bytes(secret: str) -> bytes:
    """Return the key: the text itself, or the bytes of the base64 behind ``whsec_`` (Standard Webhooks)."""
    if secret.startswith(_SECRET_PREFIX):
        return base64.b64decode(secret[len(_SECRET_PREFIX) :] + "==")
    return secret.encode()
