"""Settings, host keys and private keys: what is accepted, and how a mistake is explained."""

import base64
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from odoo.addons.healthcare_integration_base.transports import (
    ConfigurationError,
    codes,
    create,
    register,
    transport_class,
)
from odoo.addons.healthcare_integration_base.transports.host_keys import offers, parse_host_keys
from odoo.addons.healthcare_integration_base.transports.private_key import load_private_key

CHECKOUT = Path(__file__).resolve().parents[4]
FOLDER = {"root": "/srv/remittance", "inbox": "."}
SFTP = {"host": "sftp.example.com", "username": "hospital", "password": "Pa55-word", "inbox": "out"}
PUBLIC = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
LINE = PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
WIRE = base64.b64decode(LINE.split()[1])
FINGERPRINT = "SHA256:" + base64.b64encode(hashlib.sha256(WIRE).digest()).decode().rstrip("=")


def refused(code, values):
    with pytest.raises(ConfigurationError) as caught:
        create(code, values)
    return caught.value


class TestRegister:
    def test_known_and_unknown(self):
        assert {"folder", "sftp"} <= set(codes())
        with pytest.raises(ConfigurationError) as caught:
            transport_class("carrier pigeon")
        assert caught.value.code == "transport.unknown" and "folder, http, sftp" in caught.value.expected

    def test_a_code_is_given_once(self):
        class Impostor:
            code = "sftp"

        with pytest.raises(ValueError, match="taken"):
            register(Impostor)


class TestValues:
    def test_defaults_and_what_odoo_stores_for_nothing(self):
        settings = create(
            "sftp", SFTP | {"port": False, "include": None, "archive": "", "host_key": False}
        ).settings
        assert (settings.port, settings.include, settings.archive) == (22, ("*",), "archive")
        assert settings.host_keys == ()

    @pytest.mark.parametrize(
        ("code", "values", "name", "found"),
        [
            ("folder", {"inbox": "."}, "root", "nothing"),
            ("folder", FOLDER | {"root": "srv/x"}, "root", "srv/x"),
            ("folder", FOLDER | {"inbox": "../other"}, "inbox", "../other"),
            ("folder", FOLDER | {"archive": "/archive"}, "archive", "/archive"),
            ("folder", FOLDER | {"archive": "./"}, "archive", "./"),
            ("folder", {"root": "/srv"}, "inbox", "neither"),
            ("folder", FOLDER | {"root": "/srv/a\nb"}, "root", "/srv/a\nb"),
            ("folder", FOLDER | {"allowed_roots": ["/var/lib"]}, "root", "/srv/remittance"),
            ("folder", FOLDER | {"after_fetch": "shred"}, "after_fetch", "shred"),
            ("folder", FOLDER | {"include": ["in/*.835"]}, "include", "in/*.835"),
            ("folder", FOLDER | {"include": [835]}, "include", "[835]"),
            ("folder", FOLDER | {"done_marker": "done"}, "done_marker", "done"),
            ("folder", FOLDER | {"done_marker": ".part"}, "done_marker", ".part"),
            ("folder", FOLDER | {"total_timeout": "soon"}, "total_timeout", "soon"),
            ("folder", FOLDER | {"total_timeout": float("nan")}, "total_timeout", "nan"),
            ("folder", FOLDER | {"inbx": "."}, "inbx", "an unknown name"),
            ("sftp", SFTP | {"host": ""}, "host", "nothing"),
            ("sftp", SFTP | {"username": None}, "username", "nothing"),
            ("sftp", SFTP | {"port": 0}, "port", "0"),
            ("sftp", SFTP | {"port": 65_536}, "port", "65536"),
            ("sftp", SFTP | {"port": True}, "port", "True"),
            ("sftp", SFTP | {"password": ""}, "password", "neither"),
            ("sftp", SFTP | {"read_timeout": 0}, "read_timeout", "0"),
            ("sftp", SFTP | {"read_timeout": float("inf")}, "read_timeout", "inf"),
            ("sftp", SFTP | {"connect_timeout": -1}, "connect_timeout", "-1"),
            ("sftp", SFTP | {"host_key": "ssh-ed25519"}, "host_key", "neither"),
        ],
    )
    def test_a_mistake_names_field_expected_found_and_remedy(self, code, values, name, found):
        error = refused(code, values)
        assert error.code == f"{code}.setting"
        assert error.location == name and found in error.found
        assert error.expected and error.remedy

    def test_all_mistakes_are_told_at_once(self):
        error = refused("sftp", {"port": "x", "inbox": ".", "passwrd": "Pa55-word"})
        assert [finding.location for finding in error.findings] == [
            "host",
            "port",
            "username",
            "password",
            "passwrd",
        ]
        assert "Pa55-word" not in repr(error) + str(error)

    @pytest.mark.parametrize("name", ["password", "private_key", "passphrase"])
    def test_secrets_are_not_shown(self, name):
        secret = "Tr0ub4dor & 3"
        settings = create("sftp", SFTP | {name: secret}).settings
        assert getattr(settings, name) == secret
        assert secret not in repr(settings) + str(settings)
        error = refused("sftp", SFTP | {name: [secret], "port": "x"})
        assert secret not in repr(error) + str(error)

    def test_patterns_as_text(self):
        settings = create("folder", FOLDER | {"include": "*.835,\n *.edi ,", "exclude": " , "}).settings
        assert settings.include == ("*.835", "*.edi") and settings.exclude == ()

    def test_settings_are_frozen(self):
        settings = create("folder", FOLDER).settings
        with pytest.raises(AttributeError):
            settings.root = "/"


def test_heavy_libraries_are_not_imported_before_they_are_needed():
    program = """
import sys
sys.path.insert(0, sys.argv[1])
from tests import pure
pure.expose()
from odoo.addons.healthcare_integration_base.transports import create
create("sftp", {"host": "h", "username": "u", "password": "p", "inbox": ".", "host_key": sys.argv[2]})
print(sorted({"paramiko", "cryptography", "asyncio", "requests"} & set(sys.modules)))
"""
    command = [sys.executable, "-c", program, str(CHECKOUT), LINE]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


class TestHostKeys:
    @pytest.mark.parametrize(
        "text",
        [
            LINE,
            f"sftp.example.com {LINE} comment",
            f"[sftp.example.com]:2222,[192.0.2.1]:2222 {LINE}",
            f"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {LINE}",
            FINGERPRINT,
            f"{FINGERPRINT}=",
            f"256 {FINGERPRINT} root@host (ED25519)",
            f"# the old key\n\n{FINGERPRINT}\n",
        ],
    )
    def test_notations(self, text):
        (pin,) = parse_host_keys(text)
        assert pin.fits(WIRE) and not pin.fits(WIRE[:-1] + b"x")
        assert pin.fingerprint == FINGERPRINT
        assert "ssh-ed25519" in pin.key_types

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "# nothing",
            "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
            f"@cert-authority *.example.com {LINE}",
            "@revoked * " + LINE,
            "ssh-dss AAAAB3NzaC1kc3MAAACBAP",
            LINE.replace("ssh-ed25519", "ssh-rsa"),
            LINE[:-8] + "!",
            "ssh-ed25519 AAAA",
            FINGERPRINT[:-1],
            "SHA256:" + "A" * 44,
            f"{LINE}\nsomething else",
        ],
    )
    def test_other_notations_are_refused(self, text):
        with pytest.raises(ValueError):
            parse_host_keys(text)

    def test_only_approved_types_are_offered(self):
        assert offers(parse_host_keys(LINE)) == [("ssh-ed25519",)]
        assert offers(parse_host_keys(f"3072 {FINGERPRINT} x (RSA)")) == [("rsa-sha2-512", "rsa-sha2-256")]
        families = offers(parse_host_keys(FINGERPRINT))
        assert [family[0] for family in families] == ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"]

    def test_several_keys_are_approved_by_several_lines(self):
        pins = parse_host_keys(f"{LINE}\nSHA256:{'A' * 43}")
        assert [pin.fits(WIRE) for pin in pins] == [True, False]


KEYS = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
    "rsa": rsa.generate_private_key(65_537, 2048),
}
NOTATIONS = [(kind, notation) for kind in KEYS for notation in ("OpenSSH", "PKCS8")]
NOTATIONS += [("ecdsa", "TraditionalOpenSSL"), ("rsa", "TraditionalOpenSSL")]


class TestPrivateKeys:
    @pytest.mark.parametrize(("kind", "notation"), NOTATIONS)
    @pytest.mark.parametrize("passphrase", ["", "correct horse ü"])
    def test_notations(self, kind, notation, passphrase):
        protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        pem = KEYS[kind].private_bytes(Encoding.PEM, getattr(PrivateFormat, notation), protection).decode()
        public = KEYS[kind].public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        key = load_private_key(f"\n  {pem}\r\n", passphrase)
        assert key.asbytes() == base64.b64decode(public.split()[1])
        if not passphrase:
            assert load_private_key(pem, "superfluous").asbytes() == key.asbytes()
            return
        for wrong in ("", "wrong"):
            with pytest.raises(ConfigurationError) as caught:
                load_private_key(pem, wrong)
            assert caught.value.code == "sftp.private_key_unreadable"

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("PuTTY-User-Key-File-3: ssh-ed25519\nsecretstuff", "PuTTY"),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----\nsecretstuff\n-----END OPENSSH PRIVATE KEY-----",
                "no such key",
            ),
            ("secretstuff", "no such key"),
            (LINE, "no such key"),
        ],
    )
    def test_what_cannot_be_read_is_explained_and_not_shown(self, text, found):
        with pytest.raises(ConfigurationError) as caught:
            load_private_key(text, "")
        assert found in caught.value.found
        assert "secretstuff" not in repr(caught.value) + str(caught.value)

    def test_other_kinds_of_key(self):
        key = dsa.generate_private_key(1024)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        with pytest.raises(ConfigurationError) as caught:
            load_private_key(pem, "")
        assert "Ed25519" in caught.value.expected
