"""What both mailboxes promise, tried on real folders: directly, and through a real SFTP server.

OpenSSH's own sftp-server takes part where the machine has it.
"""

import os
import shutil
import time
import tracemalloc
from pathlib import Path

import pytest

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError, IntegrationError, TransientError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError, RemoteFile, create

from tests.sandbox.clearing_house import running

MIB = 1024 * 1024
SFTP_SERVERS = [os.environ.get("SFTP_SERVER", ""), "/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server"]
OPENSSH = next((path for path in SFTP_SERVERS if path and os.path.exists(path)), None)
NO_OPENSSH = pytest.mark.skipif(OPENSSH is None, reason="optional: OpenSSH's sftp-server is not installed")
KINDS = ["folder", "sftp", pytest.param("openssh", marks=NO_OPENSSH)]


class Mailbox:
    """One partner: a local folder, and how a transport reaches it."""

    def __init__(self, kind, path, house):
        self.kind = "folder" if kind == "folder" else "sftp"
        self.path = path
        self._house = house
        for name in ("in", "out"):
            (path / name).mkdir(parents=True)

    def transport(self, **changes):
        values = {"inbox": "in", "outbox": "out"}
        if self.kind == "folder":
            values["root"] = str(self.path)
        else:
            house = self._house
            values |= {"root": self.path.name, "host": house.host, "port": house.port, "username": "payer"}
            values |= {"password": "sandbox secret", "host_key": house.known_hosts}
        return create(self.kind, values | changes)

    def drop(self, name, content=b"ISA*", age=60.0):
        path = self.path / "in" / name
        path.write_bytes(content)
        os.utime(path, times=(time.time() - age,) * 2)
        return path


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    base = tmp_path_factory.mktemp("partner")
    root = base / "root"
    root.mkdir()
    arguments = (root, "payer", "sandbox secret")
    with running(*arguments, base / "own") as own:
        if OPENSSH is None:
            yield root, {"sftp": own}
            return
        with running(*arguments, base / "openssh", "--sftp-server", OPENSSH) as openssh:
            yield root, {"sftp": own, "openssh": openssh}


@pytest.fixture(params=KINDS)
def mailbox(request, houses):
    root, servers = houses
    path = root / f"case{time.monotonic_ns()}"
    return Mailbox(request.param, path, servers.get(request.param))


def content_of(transport, file):
    return b"".join(transport.fetch(file))


def names_in(path):
    return sorted(entry.name for entry in path.iterdir())


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
        ["../out/a", "..", ".", "", "/etc/passwd", "in/a", "a\0b", "a\nb", "..\\a", "x" * 256, "\udcff"],
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
        with mailbox.transport(total_timeout=2.0) as transport:
            stream = transport.fetch(transport.list()[0])
            next(stream)
            time.sleep(2.1)
            with pytest.raises(TransientError) as caught:
                list(stream)
        assert caught.value.code == f"{mailbox.kind}.total_timeout"


class TestSend:
    def test_visible_only_when_complete(self, mailbox):
        out = mailbox.path / "out"
        seen = []

        def chunks():
            for _ in range(3):
                seen.append(names_in(out))
                yield b"x" * MIB

        with mailbox.transport() as transport:
            sent = transport.send("a.837", chunks())
        assert (sent.size, sent.already_there) == (3 * MIB, False)
        assert (out / "a.837").read_bytes() == b"x" * (3 * MIB)
        assert names_in(out) == ["a.837"]
        assert all(
            len(names) == 1 and names[0].startswith(".") and names[0].endswith(".part") for names in seen
        )

    @pytest.mark.parametrize("content", [b"", b"ISA*00*", os.urandom(MIB + 7)])
    def test_a_repeat_is_a_success_that_changes_nothing(self, mailbox, content):
        with mailbox.transport() as transport:
            first = transport.send("a.837", [content])
            before = (mailbox.path / "out" / "a.837").stat()
            second = transport.send("a.837", [content[:3], content[3:]])
            after = (mailbox.path / "out" / "a.837").stat()
        assert second.already_there and not first.already_there
        assert (first.sha256, first.size) == (second.sha256, second.size)
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)

    @pytest.mark.parametrize("content", [b"other", b"ISB*", b""])
    def test_other_content_under_the_name_is_kept(self, mailbox, content):
        (mailbox.path / "out" / "a.837").write_bytes(b"ISA*")
        with mailbox.transport() as transport, pytest.raises(BusinessRuleError) as caught:
            transport.send("a.837", [content])
        assert caught.value.code == f"{mailbox.kind}.name_taken"
        assert (mailbox.path / "out" / "a.837").read_bytes() == b"ISA*"
        assert names_in(mailbox.path / "out") == ["a.837"]

    @pytest.mark.parametrize(("theirs", "same"), [(b"one two", True), (b"one TWO", False)])
    def test_somebody_takes_the_name_during_the_upload(self, mailbox, theirs, same):
        target = mailbox.path / "out" / "a.837"

        def chunks():
            yield b"one "
            target.write_bytes(theirs)
            yield b"two"

        with mailbox.transport() as transport:
            if same:
                assert transport.send("a.837", chunks()).already_there
            else:
                with pytest.raises(BusinessRuleError):
                    transport.send("a.837", chunks())
        assert target.read_bytes() == theirs
        assert names_in(mailbox.path / "out") == ["a.837"]

    def test_a_name_that_is_a_folder_or_a_link(self, mailbox, tmp_path):
        (mailbox.path / "out" / "folder").mkdir()
        (tmp_path / "elsewhere").write_bytes(b"x")
        (mailbox.path / "out" / "link").symlink_to(tmp_path / "elsewhere")
        (mailbox.path / "out" / "dangling").symlink_to(tmp_path / "nowhere")
        with mailbox.transport() as transport:
            for name in ("folder", "link", "dangling"):
                with pytest.raises(BusinessRuleError):
                    transport.send(name, [b"x"])
        assert names_in(tmp_path) == ["elsewhere"]

    def test_a_source_that_fails_leaves_nothing(self, mailbox):
        def chunks():
            yield b"first"
            raise ValueError("the document cannot be written")

        with mailbox.transport() as transport, pytest.raises(ValueError, match="cannot be written"):
            transport.send("a.837", chunks())
        assert names_in(mailbox.path / "out") == []

    def test_a_missing_outbox(self, mailbox):
        with mailbox.transport(outbox="nowhere") as transport, pytest.raises(ConfigurationError) as caught:
            transport.send("a.837", [b"x"])
        assert caught.value.code == f"{mailbox.kind}.folder_missing"
        with mailbox.transport(outbox="") as transport, pytest.raises(ConfigurationError) as caught:
            transport.send("a.837", [b"x"])
        assert caught.value.code == f"{mailbox.kind}.no_outbox"


class TestDispose:
    def test_archived_into_a_folder_that_is_made(self, mailbox):
        mailbox.drop("a.835", b"first")
        with mailbox.transport(archive="done/2026") as transport:
            (file,) = transport.list()
            outcome = transport.dispose(file)
            assert outcome.outcome == "archived" and outcome.archived_as.endswith("done/2026/a.835")
            assert transport.dispose(file).outcome == "gone"
        assert (mailbox.path / "done" / "2026" / "a.835").read_bytes() == b"first"
        assert names_in(mailbox.path / "in") == []

    @pytest.mark.parametrize("name", ["a.835", "no extension", "é" * 120 + ".835", "." + "x" * 253])
    def test_a_name_that_the_archive_has_already(self, mailbox, name):
        contents = []
        for number in range(3):
            content = f"version {number}".encode()
            contents.append(content)
            mailbox.drop(name, content)
            file = RemoteFile(name, len(content), None, self.identity_of(mailbox, name))
            with mailbox.transport() as transport:
                assert transport.dispose(file).outcome == "archived"
        archived = list((mailbox.path / "archive").iterdir())
        assert sorted(path.read_bytes() for path in archived) == contents
        if name.endswith(".835"):
            assert {path.suffix for path in archived} == {".835"}

    def identity_of(self, mailbox, name):
        status = (mailbox.path / "in" / name).stat()
        version = status.st_mtime_ns if mailbox.kind == "folder" else int(status.st_mtime)
        return f"{name}|{status.st_size}|{version}"

    def test_another_file_under_the_name_is_not_touched(self, mailbox):
        path = mailbox.drop("a.835", b"first")
        with mailbox.transport(after_fetch="delete") as transport:
            (file,) = transport.list()
            path.write_bytes(b"second, not fetched yet")
            assert transport.dispose(file).outcome == "replaced"
        assert path.read_bytes() == b"second, not fetched yet"

    def test_deleted(self, mailbox):
        mailbox.drop("a.835")
        with mailbox.transport(after_fetch="delete") as transport:
            (file,) = transport.list()
            assert [transport.dispose(file).outcome for _ in range(2)] == ["deleted", "gone"]
        assert names_in(mailbox.path) == ["in", "out"]

    def test_left(self, mailbox):
        mailbox.drop("a.835")
        with mailbox.transport(after_fetch="leave") as transport:
            (file,) = transport.list()
            assert transport.dispose(file).outcome == "left"
            assert transport.list() == [file]


class TestCheck:
    def test_everything_works_and_nothing_stays(self, mailbox):
        mailbox.drop("a.835")
        mailbox.drop("b.tmp")
        steps = mailbox.transport().check(probe_write=True)
        assert {step.result for step in steps} == {"passed"}
        listed = {step.name: step.detail for step in steps}
        assert listed["Inbox listed"] == "1 files ready, 1 ignored (temporary name)"
        assert "Outbox writable" in listed
        assert names_in(mailbox.path / "out") == [] and names_in(mailbox.path / "in") == ["a.835", "b.tmp"]

    def test_nothing_is_written_unless_asked(self, mailbox):
        before = (mailbox.path / "out").stat().st_mtime_ns
        steps = mailbox.transport().check()
        assert [step.name for step in steps if step.name == "Outbox writable"] == []
        assert (mailbox.path / "out").stat().st_mtime_ns == before

    def test_the_first_failure_is_explained_and_the_rest_skipped(self, mailbox):
        shutil.rmtree(mailbox.path / "in")
        steps = mailbox.transport().check(probe_write=True)
        results = [step.result for step in steps]
        assert results[-3:] == ["failed", "skipped", "skipped"]
        assert steps[-3].code == f"{mailbox.kind}.folder_missing"
        assert steps[-3].detail

    def test_usable_after_a_check(self, mailbox):
        mailbox.drop("a.835", b"x")
        transport = mailbox.transport()
        transport.check()
        with transport:
            assert content_of(transport, transport.list()[0]) == b"x"


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
