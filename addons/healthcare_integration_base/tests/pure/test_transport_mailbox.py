"""Listing and fetching: what both mailboxes promise.

Tried on real folders: directly, and through real SFTP servers.
"""

import os
import time
import tracemalloc
from pathlib import Path

import pytest

from odoo.addons.healthcare_integration_base.errors import IntegrationError, TransientError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError, RemoteFile

from tests.sandbox.mailboxes import KINDS, MIB, Mailbox, content_of, houses, names_in


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with houses(tmp_path_factory.mktemp("partner")) as started:
        yield started


@pytest.fixture(params=KINDS)
def mailbox(request, servers):
    return Mailbox(request.param, *servers)


class TestList:
    def test_oldest_first_and_only_what_is_ready(self, mailbox):
        mailbox.drop("b.835", age=10)
        mailbox.drop("a.835", age=5)
        mailbox.drop("old.835", b"x" * 7, age=90)
        for name in ("c.835.tmp", "d.PART", "e.filepart", ".f.835", "g.txt", "h.835.bad"):
            mailbox.drop(name)
        (mailbox.path / "in" / "folder.835").mkdir()
        with mailbox.transport(include="*.835, *.835.*", exclude=["*.bad"]) as transport:
            files = transport.list()
        assert [file.name for file in files] == ["old.835", "b.835", "a.835"]
        assert files[0].size == 7
        assert abs(files[0].modified.timestamp() - (time.time() - 90)) < 5
        assert transport.refused == []

    def test_patterns_ignore_case(self, mailbox):
        mailbox.drop("REMIT.835")
        with mailbox.transport(include=["*.835", "*.EDI"]) as transport:
            assert [file.name for file in transport.list()] == ["REMIT.835"]

    def test_the_identity_is_that_of_the_version(self, mailbox):
        path = mailbox.drop("a.835", age=60)
        with mailbox.transport() as transport:
            first = transport.list()[0].identity
        with mailbox.transport() as transport:
            assert transport.list()[0].identity == first
            os.utime(path, (1, 1))
            second = transport.list()[0].identity
            path.write_bytes(b"longer")
            os.utime(path, (1, 1))
            assert len({first, second, transport.list()[0].identity}) == 3

    def test_hundreds_of_files(self, mailbox):
        for number in range(300):
            mailbox.drop(f"remit {number:03}.835", f"{number}".encode(), age=300 - number)
        with mailbox.transport() as transport:
            files = transport.list()
            assert [file.name for file in files] == [f"remit {number:03}.835" for number in range(300)]
            assert content_of(transport, files[299]) == b"299"

    @pytest.mark.parametrize(
        "name", ["Zahlung März.835", "re\u0301mit.835", "支払い.835", "💊'\"$;&.835", "-rf"]
    )
    def test_names_in_any_script(self, mailbox, name):
        mailbox.drop(name, name.encode())
        with mailbox.transport() as transport:
            (file,) = transport.list()
            assert file.name == name
            assert content_of(transport, file) == name.encode()
            transport.send(name, [b"reply"])
            assert transport.dispose(file).outcome == "archived"
        assert names_in(mailbox.path / "archive") == names_in(mailbox.path / "out") == [name]

    def test_links_are_refused_and_reported(self, mailbox, tmp_path):
        (tmp_path / "secret").write_bytes(b"not yours")
        (mailbox.path / "in" / "outside.835").symlink_to(tmp_path / "secret")
        inside = mailbox.drop("real.835")
        (mailbox.path / "in" / "inside.835").symlink_to(inside)
        with mailbox.transport() as transport:
            assert [file.name for file in transport.list()] == ["real.835"]
            assert {refusal.name for refusal in transport.refused} == {"'outside.835'", "'inside.835'"}
            with pytest.raises(ConfigurationError) as caught:
                content_of(transport, RemoteFile("outside.835", 9, None, ""))
        assert caught.value.code == f"{mailbox.kind}.not_a_file"

    def test_done_markers(self, mailbox):
        for name in ("a.835", "a.835.done", "b.835", "b.done", "c.835", "d.done"):
            mailbox.drop(name)
        with mailbox.transport(done_marker=".done") as transport:
            files = transport.list()
            assert [file.name for file in files] == ["a.835", "b.835"]
            assert {transport.dispose(file).outcome for file in files} == {"archived"}
        assert names_in(mailbox.path / "in") == ["c.835", "d.done"]

    def test_a_done_marker_for_two_files_stays_for_the_second(self, mailbox):
        for name in ("a.835", "a.txt", "a.done"):
            mailbox.drop(name)
        with mailbox.transport(done_marker=".done") as transport:
            first, second = transport.list()
            transport.dispose(first)
            assert transport.list() == [second]
            transport.dispose(second)
        assert names_in(mailbox.path / "in") == []

    def test_a_longer_listing_than_allowed_is_refused(self, mailbox):
        for number in range(4):
            mailbox.drop(f"{number}.835")
        with mailbox.transport(maximum_entries=4) as transport:
            assert len(transport.list()) == 4
        with mailbox.transport(maximum_entries=3) as transport, pytest.raises(ConfigurationError) as caught:
            transport.list()
        assert caught.value.code == f"{mailbox.kind}.too_many_entries"

    def test_a_missing_inbox(self, mailbox):
        with mailbox.transport(inbox="nowhere") as transport, pytest.raises(ConfigurationError) as caught:
            transport.list()
        assert caught.value.code == f"{mailbox.kind}.folder_missing"
        assert "nowhere" in str(caught.value) and caught.value.remedy

    def test_an_endpoint_that_only_sends(self, mailbox):
        with mailbox.transport(inbox="") as transport, pytest.raises(ConfigurationError) as caught:
            transport.list()
        assert caught.value.code == f"{mailbox.kind}.no_inbox"


class TestFetch:
    @pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 4 * MIB, 9 * MIB + 12_345])
    def test_exact_content_in_chunks(self, mailbox, size):
        content = os.urandom(size)
        mailbox.drop("a.835", content)
        with mailbox.transport() as transport:
            chunks = list(transport.fetch(transport.list()[0]))
        assert b"".join(chunks) == content
        assert all(0 < len(chunk) <= MIB for chunk in chunks)

    def test_memory_does_not_grow_with_the_file(self, mailbox):
        mailbox.drop("a.835", b"")
        os.truncate(mailbox.path / "in" / "a.835", 48 * MIB)
        with mailbox.transport() as transport:
            (file,) = transport.list()
            tracemalloc.start()
            try:
                assert sum(map(len, transport.fetch(file))) == 48 * MIB
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        assert peak < 16 * MIB

    def assert_changed(self, mailbox, transport, file):
        with pytest.raises(TransientError) as caught:
            content_of(transport, file)
        assert caught.value.code == f"{mailbox.kind}.file_changed"

    def test_grown_since_the_listing(self, mailbox):
        path = mailbox.drop("a.835", b"ISA")
        with mailbox.transport() as transport:
            (file,) = transport.list()
            path.write_bytes(b"ISA*GS")
            self.assert_changed(mailbox, transport, file)
            os.truncate(path, 2)
            self.assert_changed(mailbox, transport, file)

    def test_rewritten_with_the_same_size(self, mailbox):
        path = mailbox.drop("a.835", b"old")
        with mailbox.transport() as transport:
            (file,) = transport.list()
            path.write_bytes(b"new")
            self.assert_changed(mailbox, transport, file)

    @pytest.mark.parametrize("new_size", [13 * MIB, 11 * MIB, 5 * MIB + 1])
    def test_growing_or_shrinking_while_it_is_read(self, mailbox, new_size):
        path = mailbox.drop("a.835", b"x" * (12 * MIB))
        with mailbox.transport() as transport:
            (file,) = transport.list()
            stream = transport.fetch(file)
            next(stream)
            os.truncate(path, new_size)
            with pytest.raises(TransientError) as caught:
                list(stream)
        assert caught.value.code == f"{mailbox.kind}.file_changed"

    def test_rewritten_while_it_is_read(self, mailbox):
        path = mailbox.drop("a.835", b"x" * (2 * MIB))
        with mailbox.transport() as transport:
            (file,) = transport.list()
            stream = transport.fetch(file)
            next(stream)
            path.write_bytes(b"y" * (2 * MIB))
            with pytest.raises(TransientError):
                list(stream)

    def test_gone_since_the_listing(self, mailbox):
        path = mailbox.drop("a.835")
        with mailbox.transport() as transport:
            (file,) = transport.list()
            path.unlink()
            with pytest.raises(TransientError) as caught:
                content_of(transport, file)
        assert caught.value.code == f"{mailbox.kind}.file_missing"

    def test_replaced_by_a_link_to_another_file(self, mailbox, tmp_path):
        path = mailbox.drop("a.835")
        (tmp_path / "secret").write_bytes(b"not yours")
        with mailbox.transport() as transport:
            (file,) = transport.list()
            path.unlink()
            path.symlink_to(tmp_path / "secret")
            with pytest.raises(ConfigurationError):
                content_of(transport, file)

    @pytest.mark.parametrize(
        "name",
        [
            *("../out/a", "..", ".", "", "/etc/passwd", "in/a", "a\0b", "a\nb", "a\r\nb", "..\\a"),
            *("..\\..\\a", "x" * 256, "é" * 128, "\udcff", "a\x85b", "a\u2028b", "a\u202e538.exe", "\u2066a"),
        ],
    )
    def test_names_that_lead_elsewhere(self, mailbox, name):
        (mailbox.path / "out" / "a").write_bytes(b"secret")
        with mailbox.transport() as transport:
            file = RemoteFile(name, 6, None, "")
            for attempt in (
                lambda: content_of(transport, file),
                lambda: transport.dispose(file),
                lambda: transport.send(name, [b"x"]),
            ):
                with pytest.raises(ConfigurationError) as caught:
                    attempt()
                assert caught.value.code == f"{mailbox.kind}.unsafe_name"
        assert names_in(mailbox.path / "out") == ["a"]

    def test_an_abandoned_download_does_not_disturb_what_follows(self, mailbox):
        mailbox.drop("a.835", b"a" * (6 * MIB), age=9)
        mailbox.drop("b.835", b"b" * 1000, age=5)
        with mailbox.transport() as transport:
            first, second = transport.list()
            stream = transport.fetch(first)
            next(stream)
            stream.close()
            assert transport.list() == [first, second]
            assert content_of(transport, second) == b"b" * 1000
            assert content_of(transport, first) == b"a" * (6 * MIB)

    def test_the_total_time_ends_a_slow_reader(self, mailbox):
        mailbox.drop("a.835", b"x" * (3 * MIB))
        with mailbox.transport(total_timeout=4.0) as transport:
            stream = transport.fetch(transport.list()[0])
            next(stream)
            time.sleep(4.1)
            with pytest.raises(TransientError) as caught:
                list(stream)
        assert caught.value.code == f"{mailbox.kind}.total_timeout"


def test_verbs_need_an_open_transport(mailbox):
    transport = mailbox.transport()
    with pytest.raises(RuntimeError):
        transport.list()
    with transport:
        pass
    with pytest.raises(RuntimeError):
        transport.list()


def test_errors_are_errors_of_the_kernel(mailbox):
    """Whatever fails carries code, place and remedy."""
    with mailbox.transport(inbox="nowhere") as transport, pytest.raises(IntegrationError) as caught:
        transport.list()
    error = caught.value
    assert error.code and error.location and error.expected and error.found and error.remedy and error.subject
    assert Path(error.location.split()[-1]).name == "nowhere"
