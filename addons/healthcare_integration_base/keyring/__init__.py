"""Encryption of secrets and payloads with keys that live outside the database.

Pure Python, no Odoo import. :class:`Keyring` loads the keys, encrypts with the active one and
decrypts with any; :mod:`.errors` says what can go wrong.
"""

from .errors import KeyringError, MissingKeyError, TamperedPayloadError
from .keyring import Keyring
