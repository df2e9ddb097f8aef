"""What an SFTP server can do to us: hang, drip, cut, fill up, lie."""

import logging
import os
import socket
import threading
import time

import pytest

from odoo.addons.healthcare_integration_base.errors import IntegrationError, TransientError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError

from tests.sandbox.clearing_house import running
from tests.sandbox.faults import Partner, endpoint, failure, listening, transport
from tests.sandbox.mailboxes import MIB, PASSWORD

# a thread that ends with a traceback would stand in the server's log
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def partner(tmp_path):
    return Partner(tmp_path)


def fetch_all(opened):
    for file in opened.list():
        list(opened.fetch(file))


def drip(connection, stop):
    while not stop.wait(0.05):
        try:
            connection.sendall(b"x")
        except OSError:
            return


def greet_and_drip(connection, stop):
    connection.sendall(b"SSH-2.0-drip\r\n")
    drip(connection, stop)


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
        with partner.serving("--freeze") as house:
            started = time.monotonic()
            error = failure(transport(house, total_timeout=1.5), within=5)
            assert time.monotonic() - started > 1.4
        assert error.code == "sftp.total_timeout"

    def test_a_server_that_answers_too_late(self, partner):
        partner.drop("a.835", b"x" * 100)
        with partner.serving("--read-delay", "30") as house:
            error = failure(transport(house, read_timeout=0.5), fetch_all)
        assert type(error) is TransientError and error.code == "sftp.timeout"

    def test_a_server_that_is_slow_all_the_time(self, partner):
        partner.drop("a.835", b"x" * 50 * MIB)
        with partner.serving("--read-delay", "0.3") as house:
            error = failure(transport(house, total_timeout=1.5), fetch_all)
        assert error.code == "sftp.total_timeout"

    def test_a_server_that_ends_between_two_calls(self, partner):
        with partner.serving() as house, pytest.raises(TransientError) as caught, transport(house) as opened:
            opened.list()
            os.kill(house.pid, 9)
            opened.list()
        assert caught.value.code == "sftp.connection_lost"

    def test_downloads_start_no_thread(self, partner, monkeypatch):
        """The library's own read-ahead would, see :func:`.sftp._request_ahead_without_thread`."""
        partner.drop("a.835", b"x" * 6 * MIB)
        with partner.serving() as house, transport(house) as opened:
            (file,) = opened.list()
            monkeypatch.setattr(threading.Thread, "start", lambda thread: pytest.fail(f"started {thread}"))
            assert sum(map(len, opened.fetch(file))) == 6 * MIB
            monkeypatch.undo()

    def test_nothing_is_logged_that_is_raised_anyway(self, partner, caplog):
        caplog.set_level(logging.DEBUG)
        partner.drop("a.835", b"x" * MIB)
        with partner.serving("--cut-after", "40000") as house:
            failure(transport(house), fetch_all)
            failure(transport(house, password="x" + PASSWORD))
        with listening(drip) as port:
            failure(endpoint(port))
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
        assert PASSWORD not in caplog.text

    def test_no_thread_and_no_socket_stays(self, partner):
        partner.drop("a.835", b"x" * 6 * MIB)
        with partner.serving() as house, partner.serving("--cut-after", str(MIB)) as cutting:
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
        partner.drop("a.835", os.urandom(5 * MIB + 500))
        with partner.serving("--cut-after", str(limit)) as house:
            received = []

            def fetch(opened):
                received.extend(opened.fetch(opened.list()[0]))

            error = failure(transport(house), fetch)
        assert type(error) is TransientError and error.code == "sftp.connection_lost"
        assert sum(map(len, received)) < 5 * MIB + 500

    @pytest.mark.parametrize("size", [0, 99_999, 100_001, 2 * MIB])
    def test_a_server_that_tells_another_size_than_it_sends(self, partner, size):
        partner.drop("a.835", b"x" * 100_000)
        with partner.serving("--end-at", str(size)) as house:
            error = failure(transport(house), fetch_all)
        assert type(error) is TransientError and error.code == "sftp.file_changed"

    def test_an_upload_that_is_cut_is_not_visible_and_can_be_repeated(self, partner):
        content = os.urandom(2 * MIB)
        with partner.serving("--cut-upload-after", str(MIB)) as house:
            error = failure(transport(house), lambda opened: opened.send("a.837", [content]))
        assert type(error) is TransientError and error.code == "sftp.connection_lost"
        left = os.listdir(partner.root / "out")
        assert all(name.startswith(".") and name.endswith(".part") for name in left)
        with partner.serving() as house, transport(house) as opened:
            assert not opened.send("a.837", [content]).already_there
        assert (partner.root / "out" / "a.837").read_bytes() == content

    @pytest.mark.parametrize("limit", [0, 40_000, MIB + 1])
    def test_a_full_disk(self, partner, limit):
        with partner.serving("--disk-full-after", str(limit)) as house:
            error = failure(transport(house), lambda opened: opened.send("a.837", [b"x" * MIB] * 2))
        assert type(error) is TransientError and error.code == "sftp.disk_full"
        assert os.listdir(partner.root / "out") == []

    def test_a_server_that_loses_bytes(self, partner):
        with partner.serving("--lose-after", "40000") as house:
            error = failure(transport(house), lambda opened: opened.send("a.837", [b"x" * MIB]))
        assert type(error) is TransientError and error.code == "sftp.upload_cut"
        assert os.listdir(partner.root / "out") == []

    def test_a_server_that_knows_only_openssh_s_rename(self, partner):
        partner.drop("a.835", b"one")
        with partner.serving("--refuse-rename") as house, transport(house) as opened:
            opened.send("a.837", [b"ISA*"])
            assert opened.send("a.837", [b"ISA*"]).already_there
            with pytest.raises(IntegrationError) as caught:
                opened.send("a.837", [b"ISB*"])
            assert caught.value.code == "sftp.name_taken"
            for content in (b"one", b"two"):
                partner.drop("a.835", content)
                assert opened.dispose(opened.list()[0]).outcome == "archived"
        assert (partner.root / "out" / "a.837").read_bytes() == b"ISA*"
        archived = (partner.root / "archive").iterdir()
        assert sorted(path.read_bytes() for path in archived) == [b"one", b"two"]

    def test_listed_names_that_lead_elsewhere(self, partner):
        names = ["../../etc/passwd", "sub/a.835", "x\\a.835", "a\nb.835"]
        partner.drop("good.835", b"x")
        options = [option for name in names for option in ("--list-name", name)]
        with partner.serving(*options) as house, transport(house) as opened:
            assert [file.name for file in opened.list()] == ["good.835"]
            assert {refusal.name for refusal in opened.refused} == {ascii(name) for name in names[1:]}

    def test_a_name_that_is_not_utf8(self, partner):
        path = os.fsencode(partner.root / "in") + b"/caf\xe9.835"
        with open(path, "wb"):
            pass
        with partner.serving() as house:
            error = failure(transport(house))
        assert type(error) is ConfigurationError and error.code == "sftp.undecodable_name"

    @pytest.mark.skipif(not os.path.isdir("/sys/kernel"), reason="optional: no folder that refuses everybody")
    def test_a_folder_that_may_not_be_written(self, tmp_path):
        with running("/sys", "payer", PASSWORD, tmp_path) as house:
            opened = transport(house, inbox="", outbox="kernel")
            error = failure(opened, lambda opened: opened.send("a.837", [b"x"]))
            assert type(error) is ConfigurationError and error.code == "sftp.permission_denied"
            assert opened.check(probe_write=True)[-1].code == "sftp.permission_denied"
