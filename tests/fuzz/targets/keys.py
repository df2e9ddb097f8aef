"""Keys as an administrator writes them, and encrypted payloads that somebody changed."""

from odoo.addons.healthcare_integration_base.keyring import Keyring, TamperedPayloadError
from odoo.addons.healthcare_integration_base.keyring.sources import parse_keys

from tests.fuzz.mutations import mutated

SHARE = 10
UUID = "0123456789abcdef0123456789abcdef"
RING = Keyring({"one": bytes(32), "two": bytes(range(32))})
TEXTS = [b"one:" + b"A" * 43 + b"=,two:" + b"B" * 43, b"# note\nkey-1:" + b"-_" * 21 + b"A\n"]
BLOBS = [RING.encrypt_chunk(b"payload" * length, UUID, 0, True) for length in (0, 1, 300)]


def make(chance):
    return mutated(chance, TEXTS), mutated(chance, BLOBS)


def run(data):
    text, blob = data
    if blob not in BLOBS:
        try:
            RING.decrypt_chunk(blob, UUID, 0, True)
        except TamperedPayloadError:
            pass
        else:
            raise AssertionError("changed bytes were decrypted")
    parse_keys(text.decode("utf-8", "replace"), "fuzz")
