"""Reads private keys in the notations that partners' and our own tools produce."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from .settings import ConfigurationError

if TYPE_CHECKING:
    from paramiko import PKey


def load_private_key(text: str, passphrase: str) -> PKey:
    """Return the key in ``text``: OpenSSH, PKCS#1, SEC1 or PKCS#8 notation, encrypted or not.

    :raises ConfigurationError: code ``sftp.private_key_unreadable``; never shows the key
    """
    import paramiko
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = _parse(text.strip() + "\n", passphrase)
    classes = {
        ed25519.Ed25519PrivateKey: paramiko.Ed25519Key,
        ec.EllipticCurvePrivateKey: paramiko.ECDSAKey,
        rsa.RSAPrivateKey: paramiko.RSAKey,
    }
    for interface, paramiko_class in classes.items():
        if isinstance(key, interface):
            plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
            return paramiko_class.from_private_key(io.StringIO(plain))
    raise _unreadable("an Ed25519, ECDSA or RSA key", "another kind of key")


def _parse(text: str, passphrase: str):
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    if text.startswith("PuTTY-User-Key-File"):
        raise _unreadable("a key in PEM or OpenSSH notation", "a PuTTY key")
    load = load_ssh_private_key if "OPENSSH PRIVATE KEY" in text else load_pem_private_key
    try:
        return load(text.encode(), passphrase.encode() or None)
    except TypeError:
        if not passphrase:
            raise _unreadable("a passphrase", "an encrypted key without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        found = "a damaged key, or another passphrase" if passphrase else "no such key"
        raise _unreadable("a private key in PEM or OpenSSH notation", found) from None
    return _parse(text, "")  # a passphrase was given for a key that has none


def _unreadable(expected: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        code="sftp.private_key_unreadable",
        message="The private key cannot be read",
        location="private_key",
        expected=expected,
        found=found,
        remedy="Paste the whole key file with its BEGIN and END lines, and the passphrase that belongs "
        "to it; export a PuTTY key with 'puttygen KEY -O private-openssh'.",
    )
