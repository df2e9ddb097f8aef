"""What a seal of the audit log proves, and how a check finds what was touched. Pure Python.

A seal covers all entries that were written by a range of database transactions. It holds a
*manifest*: for each entry its number and a digest of its content, so that a later check names the
entries that were changed, removed or inserted. The seal's own code is an HMAC over everything in it
and over the code of the seal before: seals can be neither altered nor reordered without the key.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DIGEST_SIZE = 16
_RECORD = struct.Struct(f">Q{DIGEST_SIZE}s")


@dataclass(frozen=True, slots=True)
class Seal:
    """What the code of a seal covers.

    :ivar number: 1, 2, 3, ... without gaps
    :ivar cluster: system identifier of the PostgreSQL cluster whose transactions are counted
    :ivar first_transaction: first transaction id of the range
    :ivar end_transaction: first transaction id after the range
    :ivar manifest: see :func:`manifest`
    :ivar previous_code: code of the seal before, empty for the first one
    :ivar key_id: name of the key that makes the code
    :ivar sealed_at: ISO date and time, UTC
    """

    number: int
    cluster: str
    first_transaction: int
    end_transaction: int
    manifest: bytes
    previous_code: str
    key_id: str
    sealed_at: str

    def message(self) -> bytes:
        """Return the bytes that the seal's code is computed over."""
        return json.dumps(
            [
                self.number,
                self.cluster,
                self.first_transaction,
                self.end_transaction,
                len(self.manifest) // _RECORD.size,
                hashlib.sha256(self.manifest).hexdigest(),
                self.previous_code,
                self.key_id,
                self.sealed_at,
            ]
        ).encode()


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that is not what its seal says.

    :ivar kind: ``changed``, ``removed`` or ``inserted``
    """

    kind: str
    entry_id: int


def entry_digest(values: Iterable[object]) -> bytes:
    """Return the digest of an entry's column values, in their fixed order.

    Values are strings, integers or None; None and the empty string differ.
    """
    canonical = json.dumps(list(values), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()[:DIGEST_SIZE]


def manifest(entries: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the packed (entry id, digest) pairs, in ascending order of the id."""
    return b"".join(_RECORD.pack(entry_id, digest) for entry_id, digest in sorted(entries))


def read_manifest(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the pairs of a manifest."""
    return _RECORD.iter_unpack(packed)


def differences(packed: bytes, entries: Iterable[tuple[int, bytes]]) -> list[Difference]:
    """Return what differs between a seal's manifest and the entries found in its range."""
    sealed = dict(read_manifest(packed))
    found = dict(entries)
    kinds = [("removed", sealed.keys() - found.keys()), ("inserted", found.keys() - sealed.keys())]
    kinds.append(
        (
            "changed",
            {entry_id for entry_id in sealed.keys() & found.keys() if sealed[entry_id] != found[entry_id]},
        )
    )
    return sorted(
        (Difference(kind, entry_id) for kind, entry_ids in kinds for entry_id in entry_ids),
        key=lambda difference: (difference.entry_id, difference.kind),
    )
