"""What only a folder of this machine can do to us."""

import os
import tempfile
from pathlib import Path

import pytest

from odoo.addons.healthcare_integration_base.errors import IntegrationError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError, RemoteFile, create
from odoo.addons.healthcare_integration_base.transports.folder import FolderSettings, FolderTransport

OTHER_FILE_SYSTEM = Path("/dev/shm")
#: The user id of "nobody".
NOBODY = 65534


@pytest.fixture
def root(tmp_path):
    for name in ("in", "out", "elsewhere"):
        (tmp_path / "root" / name).mkdir(parents=True)
    return tmp_path / "root"


def transport(root, **changes):
    return create("folder", {"root": str(root), "inbox": "in", "outbox": "out"} | changes)


def drop(root, name, content=b"ISA*"):
    (root / "in" / name).write_bytes(content)


def test_a_missing_root(tmp_path):
    with pytest.raises(ConfigurationError) as caught, transport(tmp_path / "nowhere"):
        pass
    assert caught.value.code == "folder.folder_missing"
    (tmp_path / "file").touch()
    steps = transport(tmp_path / "file").check()
    assert [step.result for step in steps] == ["failed", "skipped", "skipped"]


@pytest.mark.parametrize("name", ["inbox", "outbox", "archive"])
def test_a_folder_that_is_a_link_out_of_the_root(root, tmp_path, name):
    drop(root, "a.835")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret.835").write_bytes(b"not yours")
    (root / "link").symlink_to(tmp_path / "private")
    with transport(root, **{"archive": "archive", name: "link"}) as opened:
        attempts = {
            "inbox": opened.list,
            "outbox": lambda: opened.send("x", [b"x"]),
            "archive": lambda: opened.dispose(opened.list()[0]),
        }
        with pytest.raises(ConfigurationError) as caught:
            attempts[name]()
    assert caught.value.code == "folder.outside_root"
    assert os.listdir(tmp_path / "private") == ["secret.835"]


class Swapping(FolderTransport):
    """A mailbox whose partner puts a link in a folder's place just after that was looked at."""

    swapped, target = "", ""

    def _folder(self, name):
        folder = super()._folder(name)
        if name == self.swapped and not os.path.islink(folder):
            if os.path.isdir(folder):
                os.rename(folder, folder + ".away")
            os.symlink(self.target, folder)
        return folder


@pytest.mark.parametrize("name", ["inbox", "outbox", "archive"])
def test_a_folder_that_becomes_a_link_after_it_was_looked_at(root, tmp_path, name):
    private = tmp_path / "private"
    private.mkdir()
    (private / "a.835").write_bytes(b"ISA*")
    drop(root, "a.835")
    values = {"root": str(root), "inbox": "in", "outbox": "out", "archive": "archive"}
    with Swapping(FolderSettings.from_values(values)) as opened:
        (listed,) = opened.list()
        opened.swapped, opened.target = name, str(private)
        attempts = {
            "inbox": [opened.list, lambda: list(opened.fetch(listed)), lambda: opened.dispose(listed)],
            "outbox": [lambda: opened.send("b.837", [b"x"])],
            "archive": [lambda: opened.dispose(listed)],
        }
        for attempt in attempts[name]:
            for link in ("in", "out", "archive"):
                if (root / link).is_symlink():
                    (root / link).unlink()
                    if (root / f"{link}.away").exists():
                        (root / f"{link}.away").rename(root / link)
            with pytest.raises(ConfigurationError) as caught:
                attempt()
            assert caught.value.code == "folder.outside_root"
    assert os.listdir(private) == ["a.835"]
    assert (private / "a.835").stat().st_nlink == 1


@pytest.fixture
def shared_root():
    """A folder, with the rights of somebody who is not the superuser: that one may read everything."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        is_superuser = os.geteuid() == 0
        if is_superuser:
            os.chown(folder, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            if is_superuser:
                os.seteuid(0)


def test_an_outbox_that_must_not_be_read_is_written_to(shared_root):
    outbox = shared_root / "out"
    outbox.mkdir(mode=0o300)
    with pytest.raises(PermissionError):
        os.listdir(outbox)
    with transport(shared_root) as opened:
        assert opened._stat(str(outbox / "x")) is None
        opened._write(str(outbox / "x"), [b"1"])
        assert opened._stat(str(outbox / "x")).size == 1
    outbox.chmod(0o700)


def test_a_link_within_the_root_is_a_folder_like_any_other(root):
    (root / "elsewhere" / "a.835").write_bytes(b"x")
    (root / "link").symlink_to(root / "elsewhere")
    with transport(root, inbox="link") as opened:
        assert [file.name for file in opened.list()] == ["a.835"]


def test_the_root_may_be_limited_by_the_server(root, tmp_path):
    with transport(root, allowed_roots=[str(tmp_path)]) as opened:
        assert opened.list() == []
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "link").symlink_to(root)
    with pytest.raises(ConfigurationError) as caught:
        transport(allowed / "link", allowed_roots=[str(allowed)])
    assert caught.value.location == "root"


def test_a_root_that_later_becomes_a_link_out_of_the_limit(root, tmp_path):
    (tmp_path / "private").mkdir()
    opened = transport(root / "elsewhere", allowed_roots=[str(root)])
    (root / "elsewhere").rmdir()
    (root / "elsewhere").symlink_to(tmp_path / "private")
    with pytest.raises(ConfigurationError) as caught, opened:
        pass
    assert caught.value.code == "folder.outside_root"


def test_names_that_are_not_utf8_are_reported(root):
    (Path(os.fsdecode(os.fsencode(root / "in") + b"/caf\xe9.835"))).write_bytes(b"x")
    drop(root, "good.835")
    with transport(root) as opened:
        assert [file.name for file in opened.list()] == ["good.835"]
        assert [refusal.reason for refusal in opened.refused] == ["unsafe name: it is not UTF-8"]
        opened.refused[0].name.encode()


def test_a_file_that_becomes_a_link_after_it_was_looked_at(root, tmp_path):
    (tmp_path / "secret").write_bytes(b"not yours")
    (root / "in" / "a.835").symlink_to(tmp_path / "secret")
    with transport(root) as opened, pytest.raises(IntegrationError):
        list(opened._read(str(root / "in" / "a.835"), 9))


def test_a_named_pipe_does_not_hang(root):
    os.mkfifo(root / "in" / "pipe.835")
    with transport(root) as opened:
        assert opened.list() == []
        assert [refusal.reason for refusal in opened.refused] == ["not a regular file"]
        with pytest.raises(ConfigurationError):
            list(opened.fetch(RemoteFile("pipe.835", 0, None, "")))


def test_a_hidden_archive_of_another_file_system(root):
    """Archive and inbox on two file systems: the rename becomes a copy that is complete or not there."""
    if not OTHER_FILE_SYSTEM.is_dir() or OTHER_FILE_SYSTEM.stat().st_dev == root.stat().st_dev:
        pytest.skip("optional: no second file system at hand")
    inside = OTHER_FILE_SYSTEM / f"archive{os.getpid()}"
    inside.mkdir()
    try:
        content = os.urandom(3_000_000)
        drop(root, "a.835", content)
        opened = create("folder", {"root": "/", "inbox": str(root / "in")[1:], "archive": str(inside)[1:]})
        with opened:
            for _ in range(2):
                (file,) = opened.list()
                assert opened.dispose(file).outcome == "archived"
                drop(root, "a.835", content)
        archived = list(inside.iterdir())
        assert [path.read_bytes() == content for path in archived] == [True, True]
        assert "a.835" in {path.name for path in archived}
    finally:
        for path in inside.iterdir():
            path.unlink()
        inside.rmdir()


def test_a_file_system_without_hard_links(root, monkeypatch):
    def no_links(*_args, **_kwargs):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    drop(root, "a.835", b"one")
    with transport(root) as opened:
        assert opened.dispose(opened.list()[0]).outcome == "archived"
        drop(root, "a.835", b"two")
        assert opened.dispose(opened.list()[0]).outcome == "archived"
        assert not opened.send("b.837", [b"x"]).already_there
    assert sorted(path.read_bytes() for path in (root / "archive").iterdir()) == [b"one", b"two"]
    assert os.listdir(root / "out") == ["b.837"]


@pytest.mark.skipif(not os.path.isdir("/sys/kernel"), reason="optional: no folder that refuses everybody")
def test_a_folder_that_may_not_be_written():
    opened = create("folder", {"root": "/sys/kernel", "outbox": "."})
    with opened, pytest.raises(ConfigurationError) as caught:
        opened.send("a.837", [b"x"])
    assert caught.value.code == "folder.permission_denied"
    steps = opened.check(probe_write=True)
    assert [step.result for step in steps] == ["passed", "passed", "failed"]
    assert steps[-1].code == "folder.permission_denied"
