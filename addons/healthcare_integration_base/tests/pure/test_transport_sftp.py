"""What an SFTP server can do to us: prove the wrong key, refuse, hang, drip, cut, fill up, lie."""

import base64
import io
import logging
import os
import socket
import threading
import time
from contextlib import contextmanager

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

from odoo.addons.healthcare_integration_base.errors import IntegrationError, TransientError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError, create

from tests.sandbox.clearing_house import running

# a thread that ends with a traceback would stand in the server's log
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
MIB = 1024 * 1024
PASSWORD = "sandbox Pa55-word"
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


@pytest.fixture
def partner(tmp_path):
    """Start sandbox servers on one folder with an inbox and an outbox."""
    for name in ("in", "out"):
        (tmp_path / "root" / name).mkdir(parents=True)

    @contextmanager
    def start(*options):
        with running(tmp_path / "root", "payer", PASSWORD, tmp_path / "state", *options) as house:
            yield house

    start.root = tmp_path / "root"
    start.state = tmp_path / "state"
    return start


def transport(house, **changes):
    values = {"host": house.host, "port": house.port, "username": "payer", "password": PASSWORD}
    values |= {"host_key": house.known_hosts, "inbox": "in", "outbox": "out"}
    return create("sftp", values | {"connect_timeout": 5, "read_timeout": 5, "total_timeout": 20} | changes)


def failure(opened, act=lambda opened: opened.list(), within=8.0):
    """Return the error of ``act`` on an opened transport; it comes in time and shows no secret."""
    started = time.monotonic()
    with pytest.raises(IntegrationError) as caught, opened:
        act(opened)
    assert time.monotonic() - started < within
    error = caught.value
    assert PASSWORD not in repr(error) + str(error)
    assert error.code and error.location and error.expected and error.found and error.remedy
    return error


def fetch_all(opened):
    for file in opened.list():
        list(opened.fetch(file))


def drop(partner, name, content):
    (partner.root / "in" / name).write_bytes(content)


class TestHostKey:
    def test_another_key_is_refused_before_anything_is_sent(self, partner):
        with partner() as house:
            other = public_line(ed25519.Ed25519PrivateKey.generate())
            error = failure(transport(house, host_key=other))
            steps = transport(house, host_key=other).check()
        assert type(error) is ConfigurationError and error.code == "sftp.host_key_mismatch"
        assert house.fingerprint in error.found and error.expected.startswith("SHA256:")
        assert [step.result for step in steps][:3] == ["passed", "failed", "skipped"]

    def test_without_an_approved_key_the_servers_is_shown_and_refused(self, partner):
        with partner() as house:
            error = failure(transport(house, host_key=""))
        assert error.code == "sftp.host_key_missing" and house.fingerprint in error.found

    @pytest.mark.parametrize("kind", HOST_KEYS)
    def test_every_type_by_line_and_by_fingerprint(self, partner, kind):
        partner.state.mkdir()
        (partner.state / "host_key").write_bytes(openssh(HOST_KEYS[kind]))
        with partner() as house:
            for pin in (house.known_hosts, house.fingerprint, f"256 {house.fingerprint} x ({kind.upper()})"):
                with transport(house, host_key=pin) as opened:
                    assert opened.list() == []
            wrong = public_line(HOST_KEYS["rsa" if kind != "rsa" else "ecdsa"])
            error = failure(transport(house, host_key=wrong))
            assert error.code == "sftp.host_key_mismatch" and "approved type" in error.found
            error = failure(transport(house, host_key=f"SHA256:{'A' * 43}"))
            assert error.code == "sftp.host_key_mismatch" and house.fingerprint in error.found

    def test_old_and_new_key_while_the_partner_changes_it(self, partner):
        with partner() as house:
            old = public_line(HOST_KEYS["rsa"])
            with transport(house, host_key=f"{old}\n{house.known_hosts}") as opened:
                assert opened.list() == []


class TestLogin:
    def test_a_wrong_password(self, partner):
        with partner() as house:
            error = failure(transport(house, password=PASSWORD + "x"))
        assert isinstance(error, ConfigurationError) and error.code == "sftp.authentication_refused"
        assert "payer" in error.found

    def test_a_locked_account(self, partner):
        with partner("--refuse-login") as house:
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
        with partner("--authorized-keys", str(tmp_path / "authorized")) as house:
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
        with (
            partner() as house,
            pytest.raises(IntegrationError) as caught,
            transport(house, private_key=stranger),
        ):
            pass
        assert caught.value.code == "sftp.authentication_refused"

    def test_a_password_that_is_asked_for_interactively(self, partner):
        with partner("--interactive-only") as house:
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
        with partner("--no-sftp") as house:
            error = failure(transport(house))
        assert type(error) is ConfigurationError and error.code == "sftp.no_sftp"


@contextmanager
def listening(behave):
    """A TCP server on loopback that treats each connection as ``behave`` says, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def serve():
            while True:
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                with connection:
                    behave(connection, stop)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stop.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)


def drip(connection, stop):
    while not stop.wait(0.05):
        try:
            connection.sendall(b"x")
        except OSError:
            return


def greet_and_drip(connection, stop):
    connection.sendall(b"SSH-2.0-drip\r\n")
    drip(connection, stop)


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


def endpoint(port, **changes):
    values = {"host": "127.0.0.1", "port": port, "username": "payer", "password": PASSWORD, "inbox": "in"}
    return create("sftp", values | {"connect_timeout": 1.5, "read_timeout": 2, "total_timeout": 6} | changes)


class TestNetwork:
    def test_an_unknown_host(self):
        error = failure(endpoint(22, host="partner.invalid"), within=20)
        assert type(error) is TransientError and error.code == "sftp.host_unknown"

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        error = failure(endpoint(port))
        assert type(error) is TransientError and error.code == "sftp.connection_refused"

    @pytest.mark.parametrize(
        ("behave", "code"),
        [
            (lambda connection, stop: stop.wait(10), "sftp.timeout"),
            (lambda connection, stop: connection.sendall(b"220 FTP ready\r\n" * 200), "sftp.not_ssh"),
            (lambda connection, stop: connection.sendall(b"Exceeded MaxStartups\r\n"), "sftp.not_ssh"),
            (lambda connection, stop: connection.sendall(b"SSH-2.0-cut\r\n"), "sftp.connection_lost"),
            (drip, "sftp.timeout"),
            (greet_and_drip, "sftp.connection_lost"),
        ],
        ids=["silent", "other protocol", "overloaded", "cut", "dripping greeting", "dripping"],
    )
    def test_a_server_that_is_none(self, behave, code):
        with listening(behave) as port:
            error = failure(endpoint(port))
        assert isinstance(error, TransientError)
        assert error.code == code

    def test_a_server_that_hangs_is_left_when_the_total_time_is_over(self, partner):
        with partner("--freeze") as house:
            started = time.monotonic()
            error = failure(transport(house, total_timeout=1.5), within=5)
            assert time.monotonic() - started > 1.4
        assert error.code == "sftp.total_timeout"

    def test_a_server_that_answers_too_late(self, partner):
        drop(partner, "a.835", b"x" * 100)
        with partner("--read-delay", "30") as house:
            error = failure(transport(house, read_timeout=0.5), fetch_all)
        assert type(error) is TransientError and error.code == "sftp.timeout"

    def test_a_server_that_is_slow_all_the_time(self, partner):
        drop(partner, "a.835", b"x" * 50 * MIB)
        with partner("--read-delay", "0.3") as house:
            error = failure(transport(house, total_timeout=1.5), fetch_all)
        assert error.code == "sftp.total_timeout"

    def test_a_server_that_ends_between_two_calls(self, partner):
        with partner() as house, pytest.raises(TransientError) as caught, transport(house) as opened:
            opened.list()
            os.kill(house.pid, 9)
            opened.list()
        assert caught.value.code == "sftp.connection_lost"

    def test_downloads_start_no_thread(self, partner, monkeypatch):
        """The library's own read-ahead would, see :func:`.sftp._request_ahead_without_thread`."""
        drop(partner, "a.835", b"x" * 6 * MIB)
        with partner() as house, transport(house) as opened:
            (file,) = opened.list()
            monkeypatch.setattr(threading.Thread, "start", lambda thread: pytest.fail(f"started {thread}"))
            assert sum(map(len, opened.fetch(file))) == 6 * MIB
            monkeypatch.undo()

    def test_nothing_is_logged_that_is_raised_anyway(self, partner, caplog):
        caplog.set_level(logging.DEBUG)
        drop(partner, "a.835", b"x" * MIB)
        with partner("--cut-after", "40000") as house:
            failure(transport(house), fetch_all)
            failure(transport(house, password="x" + PASSWORD))
        with listening(drip) as port:
            failure(endpoint(port))
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
        assert PASSWORD not in caplog.text

    def test_no_thread_and_no_socket_stays(self, partner):
        drop(partner, "a.835", b"x" * 6 * MIB)
        with partner() as house, partner("--cut-after", str(MIB)) as cutting:
            threads = threading.active_count()
            descriptors = len(os.listdir("/proc/self/fd"))
            for _ in range(3):
                with transport(house) as opened:
                    fetch_all(opened)
                failure(transport(cutting), fetch_all)
                failure(transport(house, password="wrong"))
            deadline = time.monotonic() + 5
            while threading.active_count() > threads and time.monotonic() < deadline:
                time.sleep(0.05)
            assert threading.active_count() == threads
            assert len(os.listdir("/proc/self/fd")) <= descriptors


class TestTransfers:
    @pytest.mark.parametrize("limit", [0, 40_000, MIB + 1, 4 * MIB + 1, 5 * MIB])
    def test_a_download_that_is_cut_is_never_taken_for_complete(self, partner, limit):
        drop(partner, "a.835", os.urandom(5 * MIB + 500))
        with partner("--cut-after", str(limit)) as house:
            received = []

            def fetch(opened):
                received.extend(opened.fetch(opened.list()[0]))

            error = failure(transport(house), fetch)
        assert type(error) is TransientError and error.code == "sftp.connection_lost"
        assert sum(map(len, received)) < 5 * MIB + 500

    @pytest.mark.parametrize("size", [0, 99_999, 100_001, 2 * MIB])
    def test_a_server_that_tells_another_size_than_it_sends(self, partner, size):
        drop(partner, "a.835", b"x" * 100_000)
        with partner("--end-at", str(size)) as house:
            error = failure(transport(house), fetch_all)
        assert type(error) is TransientError and error.code == "sftp.file_changed"

    def test_an_upload_that_is_cut_is_not_visible_and_can_be_repeated(self, partner):
        content = os.urandom(2 * MIB)
        with partner("--cut-upload-after", str(MIB)) as house:
            error = failure(transport(house), lambda opened: opened.send("a.837", [content]))
        assert type(error) is TransientError and error.code == "sftp.connection_lost"
        left = os.listdir(partner.root / "out")
        assert all(name.startswith(".") and name.endswith(".part") for name in left)
        with partner() as house, transport(house) as opened:
            assert not opened.send("a.837", [content]).already_there
        assert (partner.root / "out" / "a.837").read_bytes() == content

    @pytest.mark.parametrize("limit", [0, 40_000, MIB + 1])
    def test_a_full_disk(self, partner, limit):
        with partner("--disk-full-after", str(limit)) as house:
            error = failure(transport(house), lambda opened: opened.send("a.837", [b"x" * MIB] * 2))
        assert type(error) is TransientError and error.code == "sftp.disk_full"
        assert os.listdir(partner.root / "out") == []

    def test_a_server_that_loses_bytes(self, partner):
        with partner("--lose-after", "40000") as house:
            error = failure(transport(house), lambda opened: opened.send("a.837", [b"x" * MIB]))
        assert type(error) is TransientError and error.code == "sftp.upload_cut"
        assert os.listdir(partner.root / "out") == []

    def test_a_server_that_knows_only_openssh_s_rename(self, partner):
        drop(partner, "a.835", b"one")
        with partner("--refuse-rename") as house, transport(house) as opened:
            opened.send("a.837", [b"ISA*"])
            assert opened.send("a.837", [b"ISA*"]).already_there
            with pytest.raises(IntegrationError) as caught:
                opened.send("a.837", [b"ISB*"])
            assert caught.value.code == "sftp.name_taken"
            for content in (b"one", b"two"):
                drop(partner, "a.835", content)
                assert opened.dispose(opened.list()[0]).outcome == "archived"
        assert (partner.root / "out" / "a.837").read_bytes() == b"ISA*"
        archived = (partner.root / "archive").iterdir()
        assert sorted(path.read_bytes() for path in archived) == [b"one", b"two"]

    def test_listed_names_that_lead_elsewhere(self, partner):
        names = ["../../etc/passwd", "sub/a.835", "x\\a.835", "a\nb.835"]
        drop(partner, "good.835", b"x")
        options = [option for name in names for option in ("--list-name", name)]
        with partner(*options) as house, transport(house) as opened:
            assert [file.name for file in opened.list()] == ["good.835"]
            assert {refusal.name for refusal in opened.refused} == {ascii(name) for name in names[1:]}

    def test_a_name_that_is_not_utf8(self, partner):
        path = os.fsencode(partner.root / "in") + b"/caf\xe9.835"
        with open(path, "wb"):
            pass
        with partner() as house:
            error = failure(transport(house))
        assert type(error) is ConfigurationError and error.code == "sftp.undecodable_name"

    @pytest.mark.skipif(not os.path.isdir("/sys/kernel"), reason="optional: no folder that refuses everybody")
    def test_a_folder_that_may_not_be_written(self, tmp_path):
        with running("/sys", "payer", PASSWORD, tmp_path) as house:
            opened = transport(house, inbox="", outbox="kernel")
            error = failure(opened, lambda opened: opened.send("a.837", [b"x"]))
            assert type(error) is ConfigurationError and error.code == "sftp.permission_denied"
            assert opened.check(probe_write=True)[-1].code == "sftp.permission_denied"
