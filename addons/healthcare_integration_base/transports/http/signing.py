"""HMAC signatures over requests, as each partner defines them.

A partner says which bytes are signed and in which header the signature goes. Both are templates of a
closed set of names, without any code: ``{timestamp}.{body}`` and ``X-Signature: sha256={signature}``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import urlsplit

from .messages import Request

ALGORITHMS = ("sha256", "sha384", "sha512")
ENCODINGS = ("hex", "base64")
PLACES = ("method", "path", "query", "host", "timestamp", "date", "nonce", "body", "body_sha256", "key_id")
_PLACE = re.compile(r"\{([a-z0-9_]+|header:[A-Za-z0-9-]+)\}")


@dataclass(frozen=True)
class Signer:
    """Adds the headers of a signature to a request.

    :ivar canonical: what is signed; ``\\n`` stands for a line break, the names are those of ``PLACES``
        and ``header:Name``
    :ivar headers: name and template of the headers to add, which also know ``signature``
    :ivar key_id: by which the partner finds the secret, public
    """

    secret: str = field(repr=False)
    canonical: str = "{timestamp}.{body}"
    headers: tuple[tuple[str, str], ...] = (
        ("X-Timestamp", "{timestamp}"),
        ("X-Signature", "{signature}"),
    )
    algorithm: str = "sha256"
    encoding: str = "hex"
    key_id: str = ""
    clock: Callable[[], float] = time.time

    def sign(self, request: Request) -> Request:
        """Return the request with its signature; each call makes a fresh timestamp and nonce."""
        values = self._values(request)
        text = self.canonical.replace("\\n", "\n")
        digest = hmac.new(self.secret.encode(), _fill(text, values), self.algorithm).digest()
        values["signature"] = digest.hex().encode() if self.encoding == "hex" else base64.b64encode(digest)
        return request.with_headers(
            {name: _fill(template, values).decode("latin-1") for name, template in self.headers}
        )

    def _values(self, request: Request) -> dict[str, bytes]:
        parts, now = urlsplit(request.url), self.clock()
        texts = {
            "method": request.method,
            "path": parts.path or "/",
            "query": parts.query,
            "host": parts.netloc,
            "timestamp": str(int(now)),
            "date": datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "nonce": uuid.uuid4().hex,
            "body_sha256": hashlib.sha256(request.body).hexdigest(),
            "key_id": self.key_id,
            **{f"header:{name.lower()}": value for name, value in request.headers.items()},
        }
        return {**{name: text.encode() for name, text in texts.items()}, "body": request.body}


def check_template(text: str, *, signature: bool = False) -> str:
    """Return the template; :raises ValueError: naming a place that there is not."""
    known = {*PLACES, "signature"} if signature else set(PLACES)
    for place in re.findall(r"\{([^{}]*)\}", text):
        if place not in known and not place.startswith("header:"):
            raise ValueError("{" + place + "}")
    return text


def _fill(template: str, values: dict[str, bytes]) -> bytes:
    """Return the template with its places filled; a header that the request has not is empty."""
    filled, position = [], 0
    for match in _PLACE.finditer(template):
        filled += [template[position : match.start()].encode(), values.get(match[1].lower(), b"")]
        position = match.end()
    return b"".join([*filled, template[position:].encode()])
