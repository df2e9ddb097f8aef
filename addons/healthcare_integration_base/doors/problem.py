"""What a caller is told when its request cannot be served: problem details as RFC 9457 has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

CONTENT_TYPE = "application/problem+json"
_TYPE = "urn:healthcare-integration:problem:"


@dataclass(frozen=True, slots=True)
class Place:
    """One thing that is wrong, and where.

    :ivar pointer: RFC 6901 pointer into the document, or the name of the header or parameter
    :ivar found: kind and size of what was sent, never the value: answers end in logs
    """

    pointer: str
    expected: str
    found: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "expected": self.expected, "found": self.found}


@dataclass(eq=False)
class ApiProblem(Exception):
    """A refusal: raised anywhere on the way, answered as ``application/problem+json``.

    :ivar status: HTTP status
    :ivar code: stable identifier, e.g. ``body.schema``
    :ivar detail: one sentence for the caller's developer
    :ivar remedy: what to do about it
    :ivar places: what is wrong and where, when it is in the request
    :ivar headers: of the response, e.g. ``Retry-After``
    """

    status: int
    code: str
    detail: str
    remedy: str = ""
    places: Sequence[Place] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """Return the body of the answer."""
        return {
            "type": _TYPE + self.code,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "remedy": self.remedy,
            "errors": [place.as_dict() for place in self.places],
        }
