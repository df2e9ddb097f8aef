"""What comes through a door, and what its sender is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: No door takes a larger body: it is held in memory as a whole.
LARGEST_BODY = 16 << 20
#: In these states a flow takes documents; those of a paused one wait.
RECEIVING_STATES = ("live", "paused")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One payload that came through a door.

    :ivar identity: the key under which it is one message, unique in the company
    :ivar flow: the integration.flow that the sender named, None where routes decide
    :ivar client_id: id of the integration.client that brought it, if one did
    :ivar schema_digest: of the JSON Schema that the door has checked the body against, None if it has not
    """

    company_id: int
    system_id: int
    body: bytes
    identity: str
    endpoint_id: int | None = None
    flow: Any = None
    file_name: str | None = None
    client_id: int | None = None
    is_test: bool = False
    schema_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sender is told.

    :ivar uuid: of the message, also when it was received before
    :ivar is_new: False when the identity was known
    :ivar payload_hash: SHA-256 of what the message holds, to be compared with what was sent again
    """

    uuid: str
    is_new: bool
    payload_hash: str
