"""What can go wrong with keys. Texts name key ids and files, never keys."""

from __future__ import annotations

from ..errors import IntegrationError


class KeyringError(IntegrationError):
    """The keys cannot be loaded; an administrator has to act."""


class MissingKeyError(KeyringError):
    """Something was encrypted with a key that is not at hand; code ``keyring.missing_key``."""


class TamperedPayloadError(IntegrationError):
    """The bytes are not what was encrypted, or stand in another place; code ``keyring.tampered``."""
