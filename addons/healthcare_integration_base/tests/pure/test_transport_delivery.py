"""Sending, disposing and the connection test: what both mailboxes promise.

Tried on real folders: directly, and through real SFTP servers.
"""

import os
import shutil

import pytest

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError, RemoteFile
from odoo.addons.healthcare_integration_base.transports.names import is_temporary_of, temporary_name

from tests.sandbox.mailboxes import KINDS, MIB, Mailbox, content_of, houses, names_in


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with houses(tmp_path_factory.mktemp("partner")) as started:
        yield started


@pytest.fixture(params=KINDS)
def mailbox(request, servers):
    return Mailbox(request.param, *servers)


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

    def test_what_a_killed_process_left_of_a_file_is_removed(self, mailbox):
        out = mailbox.path / "out"
        for name in ("a.837", "b.837"):
            (out / temporary_name(name)).write_bytes(b"ISA")
        (out / ".partners.part").write_bytes(b"not ours")
        with mailbox.transport() as transport:
            transport.remove_unfinished("a.837")
            transport.send("a.837", [b"ISA*"])
        left = [name for name in names_in(out) if is_temporary_of(name, "b.837")]
        assert len(left) == 1
        assert names_in(out) == sorted([".partners.part", *left, "a.837"])

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
        subjects = set()
        for name in ("a.837", "b.837"):
            with mailbox.transport(outbox="nowhere") as opened, pytest.raises(ConfigurationError) as caught:
                opened.send(name, [b"x"])
            assert caught.value.code == f"{mailbox.kind}.folder_missing"
            assert caught.value.location.endswith("nowhere")
            subjects.add(caught.value.subject)
        assert len(subjects) == 1, "one cause for every document"
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
