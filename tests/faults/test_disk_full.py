"""The disk of a folder endpoint is full: nothing half-written is left, and it goes on when there is room."""

import pytest

from odoo.addons.healthcare_integration_base.errors import TransientError
from odoo.addons.healthcare_integration_base.transports import create

from tests.faults.small_disk import SIZE as DISK
from tests.faults.small_disk import fill, mounted

CONTENT = b"x" * 100_000


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disk") as folder:
        for name in ("inbox", "outbox", "archive"):
            (folder / name).mkdir()
        yield folder


def test_a_file_is_written_whole_or_not_at_all(small_disk, tell):
    settings = {"root": str(small_disk), "inbox": "inbox", "outbox": "outbox"}
    sent, refused = [], None
    for number in range(5):
        with create("folder", settings) as mailbox:
            try:
                mailbox.send(f"{number}.x12", [CONTENT])
            except TransientError as error:
                refused = error
                break
            sent.append(f"{number}.x12")
    assert refused, "the disk took everything"
    tell(f"a disk of {DISK}: {len(sent)} files of {len(CONTENT)} bytes written, then {refused.code}")
    assert refused.code == "folder.disk_full" and refused.remedy
    assert {path.name: path.stat().st_size for path in (small_disk / "outbox").iterdir()} == {
        name: len(CONTENT) for name in sent
    }
    (small_disk / "outbox" / sent[0]).unlink()
    with create("folder", settings) as mailbox:
        mailbox.send("again.x12", [CONTENT])
    assert (small_disk / "outbox" / "again.x12").read_bytes() == CONTENT


def test_what_is_in_the_inbox_is_fetched_and_archived(small_disk):
    (small_disk / "inbox" / "in.x12").write_bytes(CONTENT)
    fill(small_disk)
    with create("folder", {"root": str(small_disk), "inbox": "inbox", "archive": "archive"}) as mailbox:
        [file] = mailbox.list()
        assert b"".join(mailbox.fetch(file)) == CONTENT
        mailbox.dispose(file)
    assert [path.name for path in (small_disk / "archive").iterdir()] == ["in.x12"]
