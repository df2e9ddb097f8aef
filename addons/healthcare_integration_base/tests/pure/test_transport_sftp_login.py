"""Host keys and logins at an SFTP server: nothing is sent to a stranger, and refusals are explained."""

import base64
import io
import threading

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from odoo.addons.healthcare_integration_base.transports import ConfigurationError

from tests.sandbox.faults import Partner, endpoint, failure, listening, transport
from tests.sandbox.mailboxes import PASSWORD

HOST_KEYS = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ecdsa": ec.generate_private_key(ec.SECP384R1()),
    "rsa": rsa.generate_private_key(65_537, 2048),
}


def openssh(key, passphrase=""):
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, protection)


def public_line(key):
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


class TwoFactors(paramiko.ServerInterface):
    """Lets in who has the key and then the password."""

    key_accepted = False

    def get_allowed_auths(self, username):
        return "password" if self.key_accepted else "publickey"

    def check_auth_publickey(self, username, key):
        self.key_accepted = key.asbytes() == base64.b64decode(public_line(HOST_KEYS["rsa"]).split()[1])
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL if self.key_accepted else paramiko.AUTH_FAILED

    def check_auth_password(self, username, password):
        right = self.key_accepted and password == PASSWORD
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED


def two_factors(connection, stop):
    server = paramiko.Transport(connection)
    server.add_server_key(
        paramiko.ECDSAKey.from_private_key(io.StringIO(openssh(HOST_KEYS["ecdsa"]).decode()))
    )
    server.start_server(server=TwoFactors(), event=threading.Event())
    while server.is_active() and not stop.wait(0.05):
        pass
    server.close()


@pytest.fixture
def partner(tmp_path):
    return Partner(tmp_path)


class TestHostKey:
    def test_another_key_is_refused_before_anything_is_sent(self, partner):
        with partner.serving() as house:
            other = public_line(ed25519.Ed25519PrivateKey.generate())
            error = failure(transport(house, host_key=other))
            steps = transport(house, host_key=other).check()
        assert type(error) is ConfigurationError and error.code == "sftp.host_key_mismatch"
        assert house.fingerprint in error.found and error.expected.startswith("SHA256:")
        assert [step.result for step in steps][:3] == ["passed", "failed", "skipped"]

    def test_without_an_approved_key_the_servers_is_shown_and_refused(self, partner):
        with partner.serving() as house:
            error = failure(transport(house, host_key=""))
        assert error.code == "sftp.host_key_missing" and house.fingerprint in error.found

    @pytest.mark.parametrize("kind", HOST_KEYS)
    def test_every_type_by_line_and_by_fingerprint(self, partner, kind):
        (partner.state / "host_key").write_bytes(openssh(HOST_KEYS[kind]))
        with partner.serving() as house:
            for pin in (house.known_hosts, house.fingerprint, f"256 {house.fingerprint} x ({kind.upper()})"):
                with transport(house, host_key=pin) as opened:
                    assert opened.list() == []
            wrong = public_line(HOST_KEYS["rsa" if kind != "rsa" else "ecdsa"])
            error = failure(transport(house, host_key=wrong))
            assert error.code == "sftp.host_key_mismatch" and "approved type" in error.found
            error = failure(transport(house, host_key=f"SHA256:{'A' * 43}"))
            assert error.code == "sftp.host_key_mismatch" and house.fingerprint in error.found

    def test_old_and_new_key_while_the_partner_changes_it(self, partner):
        with partner.serving() as house:
            old = public_line(HOST_KEYS["rsa"])
            with transport(house, host_key=f"{old}\n{house.known_hosts}") as opened:
                assert opened.list() == []


class TestLogin:
    def test_a_wrong_password(self, partner):
        with partner.serving() as house:
            error = failure(transport(house, password=PASSWORD + "x"))
        assert isinstance(error, ConfigurationError) and error.code == "sftp.authentication_refused"
        assert "payer" in error.found

    def test_a_locked_account(self, partner):
        with partner.serving("--refuse-login") as house:
            steps = transport(house).check()
        assert [(step.name, step.result) for step in steps[:4]] == [
            ("Connected", "passed"),
            ("Host key approved", "passed"),
            ("Logged in", "failed"),
            ("SFTP started", "skipped"),
        ]
        assert steps[2].code == "sftp.authentication_refused" and PASSWORD not in steps[2].detail

    @pytest.mark.parametrize("kind", HOST_KEYS)
    def test_a_private_key_with_a_passphrase(self, partner, tmp_path, kind):
        key, passphrase = HOST_KEYS[kind], "open sesame"
        (tmp_path / "authorized").write_text(public_line(key) + "\n")
        values = {"password": "", "private_key": openssh(key, passphrase).decode(), "passphrase": passphrase}
        with partner.serving("--authorized-keys", str(tmp_path / "authorized")) as house:
            with transport(house, **values) as opened:
                assert opened.list() == []
            error = failure(transport(house, **values | {"passphrase": "wrong"}))
            assert error.code == "sftp.private_key_unreadable"
            stranger = openssh(ed25519.Ed25519PrivateKey.generate()).decode()
            error = failure(transport(house, **values | {"private_key": stranger}))
            assert error.code == "sftp.authentication_refused"
            assert stranger[40:80] not in repr(error)

    def test_a_key_that_is_refused_and_a_password_that_is_not(self, partner):
        stranger = openssh(ed25519.Ed25519PrivateKey.generate()).decode()
        with partner.serving() as house:
            error = failure(transport(house, private_key=stranger))
        assert error.code == "sftp.authentication_refused"

    def test_a_password_that_is_asked_for_interactively(self, partner):
        with partner.serving("--interactive-only") as house:
            with transport(house) as opened:
                assert opened.list() == []
            assert failure(transport(house, password="wrong")).code == "sftp.authentication_refused"

    @pytest.mark.parametrize(
        ("password", "result"), [(PASSWORD, "passed"), ("wrong", "failed"), ("", "failed")]
    )
    def test_a_server_that_wants_key_and_password(self, password, result):
        values = {"private_key": openssh(HOST_KEYS["rsa"]).decode(), "password": password}
        values["host_key"] = public_line(HOST_KEYS["ecdsa"])
        with listening(two_factors) as port:
            steps = {step.name: step for step in endpoint(port, **values).check()}
        assert steps["Logged in"].result == result
        if result == "failed":
            assert steps["Logged in"].code == "sftp.authentication_refused"
            assert "password" in steps["Logged in"].detail

    def test_a_server_without_sftp(self, partner):
        with partner.serving("--no-sftp") as house:
            error = failure(transport(house))
        assert type(error) is ConfigurationError and error.code == "sftp.no_sftp"
