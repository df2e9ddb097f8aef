"""AES-256-GCM with several keys, one of them active, for short secrets and for payloads in chunks."""

from __future__ import annotations

import hashlib
import hmac
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import MissingKeyError, TamperedPayloadError
from .sources import KEY_SIZE, generate_key_file, parse_keys, read_key_file

ENVIRONMENT_VARIABLE = "HEALTHCARE_INTEGRATION_KEYS"
_VERSION = 1
_NONCE_SIZE = 12
_TAG_SIZE = 16
_LABEL = b"healthcare_integration/1/"


class Keyring:
    """Encrypts with the active key, decrypts with the key that the bytes name.

    Ciphertext is: version (1 byte), length of the key id (1), key id (ASCII), random nonce (12),
    encrypted bytes, tag (16). Version, key id and purpose are authenticated with everything else.
    Each purpose has its own key, derived from the ring's by HKDF-SHA256 (RFC 5869).

    :param keys: 32 bytes by key id, the active one first
    """

    __slots__ = ("_ciphers", "_keys", "active_id")

    def __init__(self, keys: Mapping[str, bytes]):
        self._keys = dict(keys)
        self.active_id = next(iter(self._keys))
        self._ciphers: dict[tuple[str, bytes], AESGCM] = {}

    @classmethod
    def load(
        cls,
        *,
        key_file: str | os.PathLike | None,
        default_file: str | os.PathLike,
        generate_allowed: bool,
        recorded_ids: Iterable[str] = (),
        environment: Mapping[str, str] = os.environ,
    ) -> Keyring:
        """Return the ring of the first source that is given.

        1. ``HEALTHCARE_INTEGRATION_KEYS`` of ``environment``: ``id:base64url,id:base64url``;
        2. ``key_file``, the file that odoo.conf names: it must exist;
        3. ``default_file``, which is generated when it does not exist and ``generate_allowed``.

        :param generate_allowed: False when the database already records key ids
        :param recorded_ids: key ids that the database uses; all must be in the ring
        :raises MissingKeyError: there is no key, or not all that are recorded
        :raises KeyringError: the source cannot be used
        """
        recorded = sorted(set(recorded_ids))
        if environment.get(ENVIRONMENT_VARIABLE, "").strip():
            keys = parse_keys(environment[ENVIRONMENT_VARIABLE], ENVIRONMENT_VARIABLE)
        elif key_file:
            keys = read_key_file(Path(key_file))
            if keys is None:
                raise _missing(recorded, f"no file {key_file}")
        else:
            path = Path(default_file)
            keys = read_key_file(path)
            if keys is None and generate_allowed and not recorded:
                generate_key_file(path)
                keys = read_key_file(path)
            if keys is None:
                raise _missing(recorded, f"no {ENVIRONMENT_VARIABLE} and no file {path}")
        ring = cls(keys)
        ring.require(recorded)
        return ring

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self.key_ids)}; active {self.active_id}>"

    def __reduce__(self):
        raise TypeError("A keyring is not written anywhere.")

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys, the active one first."""
        return tuple(self._keys)

    def require(self, key_ids: Iterable[str]) -> None:
        """:raises MissingKeyError: naming those of ``key_ids`` that are not in the ring."""
        missing = sorted(set(key_ids) - set(self._keys))
        if missing:
            raise _missing(missing, "only " + ", ".join(self._keys))

    # === Short secrets === #

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt with the active key, bound to ``context`` (what and whose it is, e.g. table and id)."""
        return self._seal(b"secret", plaintext, context)

    def decrypt(self, blob: bytes, context: bytes) -> bytes:
        """Return the plaintext.

        :raises TamperedPayloadError: the bytes were changed or belong to another ``context``
        :raises MissingKeyError: the key they name is not in the ring
        """
        return self._open(b"secret", blob, context)

    # === Payloads in chunks === #

    def encrypt_chunk(self, data: bytes, message_uuid: str, index: int, is_last: bool) -> bytes:
        """Encrypt one chunk of a payload, bound to its message, its position and its being the last."""
        return self._seal(b"chunk", data, _chunk_context(message_uuid, index, is_last))

    def decrypt_chunk(self, blob: bytes, message_uuid: str, index: int, is_last: bool) -> bytes:
        """Return the chunk; errors as :meth:`decrypt`.

        A reader passes ``is_last`` for the last chunk that it has: a payload that was cut off fails.
        """
        return self._open(b"chunk", blob, _chunk_context(message_uuid, index, is_last))

    def reencrypt_chunk(self, blob: bytes, message_uuid: str, index: int, is_last: bool) -> bytes:
        """Return the chunk encrypted with the active key; errors as :meth:`decrypt`."""
        context = _chunk_context(message_uuid, index, is_last)
        return self._seal(b"chunk", self._open(b"chunk", blob, context), context)

    # === Rotation === #

    def key_id_of(self, blob: bytes) -> str:
        """Return the id of the key that ``blob`` names; :raises TamperedPayloadError: it names none."""
        return _split(blob)[1]

    # === Keyed hashes === #

    def hmac(self, purpose: str, data: bytes, key_id: str | None = None) -> bytes:
        """Return the HMAC-SHA256 of ``data`` under a key of its own for ``purpose``.

        :param key_id: the key to use, e.g. the one recorded beside an older hash; else the active one
        :raises MissingKeyError: the ring has no such key
        """
        key = self._derived(key_id or self.active_id, b"hmac/" + purpose.encode())
        return hmac.new(key, data, hashlib.sha256).digest()

    # === Helpers === #

    def _seal(self, purpose: bytes, plaintext: bytes, context: bytes) -> bytes:
        key_id = self.active_id.encode()
        header = bytes((_VERSION, len(key_id))) + key_id
        nonce = os.urandom(_NONCE_SIZE)
        sealed = self._cipher(self.active_id, purpose).encrypt(nonce, plaintext, header + context)
        return header + nonce + sealed

    def _open(self, purpose: bytes, blob: bytes, context: bytes) -> bytes:
        header, key_id, nonce, sealed = _split(blob)
        try:
            return self._cipher(key_id, purpose).decrypt(nonce, sealed, header + context)
        except InvalidTag:
            raise _tampered(f"encrypted with {key_id}", "other bytes, or another place") from None

    def _cipher(self, key_id: str, purpose: bytes) -> AESGCM:
        cipher = self._ciphers.get((key_id, purpose))
        if cipher is None:
            cipher = AESGCM(self._derived(key_id, b"aes-256-gcm/" + purpose))
            self._ciphers[key_id, purpose] = cipher
        return cipher

    def _derived(self, key_id: str, purpose: bytes) -> bytes:
        self.require([key_id])
        expansion = HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=None, info=_LABEL + purpose)
        return expansion.derive(self._keys[key_id])


def _split(blob: bytes) -> tuple[bytes, str, bytes, bytes]:
    """Return header, key id, nonce and the rest of a ciphertext."""
    blob = bytes(blob)
    body = 2 + blob[1] if len(blob) > 2 else 0
    if not body or blob[0] != _VERSION or len(blob) < body + _NONCE_SIZE + _TAG_SIZE:
        raise _tampered("a ciphertext of version 1", f"{len(blob)} bytes of something else")
    header = blob[:body]
    try:
        key_id = header[2:].decode("ascii")
    except UnicodeDecodeError:
        raise _tampered("the id of a key", "other bytes") from None
    return header, key_id, blob[body : body + _NONCE_SIZE], blob[body + _NONCE_SIZE :]


def _chunk_context(message_uuid: str, index: int, is_last: bool) -> bytes:
    return uuid.UUID(str(message_uuid)).bytes + index.to_bytes(8, "big") + bytes((bool(is_last),))


def _tampered(expected: str, found: str) -> TamperedPayloadError:
    return TamperedPayloadError(
        code="keyring.tampered",
        message="The encrypted data was changed, cut off, or moved from another record",
        expected=expected,
        found=found,
        remedy="Restore the record from a backup, and find out who can write to the database.",
    )


def _missing(key_ids: list[str], found: str) -> MissingKeyError:
    named = ", ".join(key_ids)
    return MissingKeyError(
        code="keyring.missing_key",
        message="A key that the database uses is not at hand" if key_ids else "There is no encryption key",
        expected=f"keys {named}" if key_ids else "a key",
        found=found,
        remedy=f"Give the keys in {ENVIRONMENT_VARIABLE} or in the file that healthcare_integration_key_file "
        "names in odoo.conf, as they were backed up; a new key cannot read what an old one encrypted.",
        subject=named,
    )
