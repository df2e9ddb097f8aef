"""The three envelopes of X12 as typed data: interchange (ISA/IEA), group (GS/GE), transaction (ST/SE)."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass, field
from typing import Any

from .delimiters import Delimiters


@dataclass(slots=True)
class Interchange:
    """What ISA says. All fields are empty when a file has no interchange header."""

    control_number: str = ""  # ISA13
    sender_qualifier: str = ""  # ISA05
    sender: str = ""  # ISA06, trimmed
    receiver_qualifier: str = ""  # ISA07
    receiver: str = ""  # ISA08, trimmed
    created: datetime.datetime | None = None  # ISA09 and ISA10
    version: str = ""  # ISA12
    acknowledgement_requested: bool = False  # ISA14
    usage: str = ""  # ISA15: P production, T test
    delimiters: Delimiters = field(default_factory=Delimiters)


@dataclass(slots=True)
class Group:
    """What GS says. All fields are empty when a transaction has no group."""

    functional_identifier: str = ""  # GS01, e.g. HP for 835
    sender: str = ""  # GS02
    receiver: str = ""  # GS03
    created: datetime.datetime | None = None  # GS04 and GS05
    control_number: str = ""  # GS06
    agency: str = ""  # GS07
    version: str = ""  # GS08, e.g. 005010X221A1


@dataclass(slots=True)
class TransactionEnvelope:
    """What ST says, and the envelopes around it: all that a transaction needs from the rest of its file."""

    set_identifier: str  # ST01, e.g. 835
    control_number: str  # ST02
    implementation: str = ""  # ST03
    interchange: Interchange = field(default_factory=Interchange)
    group: Group = field(default_factory=Group)
    position: int = 1  # ordinal of ST in its interchange, counting ISA as 1

    @property
    def version(self) -> str:
        """The implementation guide by ST03, else by GS08."""
        return self.implementation or self.group.version

    @property
    def delimiters(self) -> Delimiters:
        return self.interchange.delimiters

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready data to keep beside the bytes of the transaction."""
        values = asdict(self)
        for part in (values["interchange"], values["group"]):
            part["created"] = part["created"].isoformat() if part["created"] else ""
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TransactionEnvelope:
        """Return the envelope that :meth:`as_dict` described.

        :raises DocumentError: ``x12.delimiters`` when the kept delimiters are not usable
        """
        interchange = _with_created(values["interchange"])
        interchange["delimiters"] = Delimiters(**interchange["delimiters"])
        return cls(
            **{
                **values,
                "interchange": Interchange(**interchange),
                "group": Group(**_with_created(values["group"])),
            }
        )


def _with_created(values: dict[str, Any]) -> dict[str, Any]:
    created = values["created"]
    return {**values, "created": datetime.datetime.fromisoformat(created) if created else None}
