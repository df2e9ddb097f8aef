"""A mailbox in a folder of this machine, or of a share mounted on it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .base import CHUNK_SIZE, Step, register
from .mailbox import Entry, MailboxTransport
from .names import temporary_name
from .settings import ConfigurationError, MailboxSettings, SettingsReader
from .storage_errors import storage_error

# names a folder that may be written to and not read; a system without it needs the right to read as well
_ONLY_NAME = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY
_NO_HARD_LINKS = {errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@dataclass(frozen=True, kw_only=True)
class FolderSettings(MailboxSettings):
    """Settings of a folder mailbox.

    :ivar root: absolute path; inbox, outbox and archive must stay below it
    :ivar allowed_roots: absolute paths, one of which ``root`` must be below; empty allows every
        path. The caller fills it from the server's own configuration, so that whoever may edit
        endpoints cannot read the whole machine.
    """

    allowed_roots: tuple[str, ...] = ()

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> FolderSettings:
        """Check plain values; :raises ConfigurationError: with one finding per wrong setting."""
        values = dict(values)
        allowed = values.pop("allowed_roots", None) or ()
        allowed = (allowed,) if isinstance(allowed, str) else tuple(allowed)
        reader = SettingsReader("folder", values)
        settings = cls(**reader.mailbox(root_required=True, default_root=""), allowed_roots=allowed)
        settings._check_paths(reader)
        reader.finish()
        return settings

    def _check_paths(self, reader: SettingsReader) -> None:
        if self.root and not os.path.isabs(self.root):
            reader.refuse("root", "an absolute path", self.root, "Start the path with /.")
        elif self.root and self.allowed_roots and not _is_below(self.root, self.allowed_roots):
            reader.refuse(
                "root",
                "a folder below " + " or ".join(self.allowed_roots),
                self.root,
                "Choose another folder, or have the server's administrator allow this one.",
            )
        for name in ("inbox", "outbox", "archive"):
            path = getattr(self, name)
            if os.path.isabs(path) or ".." in path.split("/"):
                reader.refuse(
                    name, "a folder below 'root'", path, "Enter it relative to 'root', without '..'."
                )


@register
class FolderTransport(MailboxTransport):
    """Fetches from and sends to folders. Links are never followed out of ``root``.

    Files are named relative to a folder that is held open and known to be in the mailbox: who may write
    into the mailbox cannot put a link in the folder's place meanwhile.

    The total time is checked between chunks; a call into a dead network share cannot be
    interrupted from here, so mount shares with a timeout (NFS: ``soft``).
    """

    code = "folder"
    settings_class = FolderSettings

    def _opening_steps(self) -> Sequence[Step]:
        return [("Folder found", self._find_root)]

    def _find_root(self) -> str:
        root = self.settings.root
        with self._translated("open the folder", root, on_folder=True):
            if not stat.S_ISDIR(os.stat(root).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, "not a folder", root)
        self._require_below(root, self.settings.allowed_roots or ("/",))
        return root

    def _disconnect(self) -> None:
        """Nothing is kept open between the verbs."""

    def _place(self) -> str:
        return self.settings.root

    def _at(self, path: str) -> str:
        return path

    def _folder(self, name: str) -> str:
        folder = super()._folder(name)
        self._require_below(folder, (self.settings.root,))
        return folder

    def _require_below(self, folder: str, roots: tuple[str, ...]) -> None:
        if not _is_below(folder, roots):
            raise ConfigurationError(
                code="folder.outside_root",
                message="A link leads out of the mailbox",
                location=folder,
                expected="a folder below " + " or ".join(roots),
                found=os.path.realpath(folder),
                remedy="Replace the link by a folder, or name the real place as 'root'.",
                subject=folder,
            )

    def _join(self, *parts: str) -> str:
        return os.path.normpath(os.path.join(*parts))

    @contextmanager
    def _held(self, folder: str, flags: int = _ONLY_NAME) -> Iterator[int]:
        """Yield a descriptor of a folder of the mailbox, wherever its path leads meanwhile."""
        descriptor = os.open(folder, flags)
        try:
            self._require_below(_place_of(descriptor, folder), (self.settings.root,))
            yield descriptor
        finally:
            os.close(descriptor)

    def _scan(self, folder: str) -> Iterator[Entry]:
        with (
            self._translated("list the folder", folder, on_folder=True),
            self._held(folder, os.O_RDONLY | os.O_DIRECTORY) as descriptor,
            os.scandir(descriptor) as entries,
        ):
            for item in entries:
                try:
                    status = item.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # taken away since the folder was read
                yield _entry(item.name, status)

    def _stat(self, path: str) -> Entry | None:
        with self._translated("look at the file", path):
            folder, name = os.path.split(path)
            try:
                if path == os.path.normpath(self.settings.root):
                    return _entry(name, os.lstat(path))
                with self._held(folder) as held:
                    return _entry(name, os.stat(name, dir_fd=held, follow_symlinks=False))
            except FileNotFoundError:
                return None

    def _read(self, path: str, size: int) -> Iterator[bytes]:
        with self._translated("fetch", path):
            # O_NONBLOCK: opening a named pipe must not wait for somebody who writes to it
            folder, name = os.path.split(path)
            with self._held(folder) as held:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=held)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                remaining = size
                while remaining and (chunk := file.read(min(CHUNK_SIZE, remaining))):
                    remaining -= len(chunk)
                    yield chunk
                if not remaining and (surplus := file.read(1)):
                    yield surplus

    def _write(self, path: str, chunks: Iterable[bytes]) -> None:
        folder, name = os.path.split(path)
        with self._translated("write a file", folder, on_folder=True):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with self._held(folder) as held:
                descriptor = os.open(name, flags, 0o660, dir_fd=held)
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    self._remaining_seconds()
                file.flush()
                os.fsync(file.fileno())

    def _rename(self, source: str, target: str) -> None:
        (source_folder, name), (target_folder, new_name) = os.path.split(source), os.path.split(target)
        with (
            self._translated("rename", source),
            self._held(source_folder) as from_folder,
            self._held(target_folder) as to_folder,
        ):
            folders = {"src_dir_fd": from_folder, "dst_dir_fd": to_folder}
            try:
                # a hard link is the one rename that refuses an existing target on every system
                os.link(name, new_name, **folders, follow_symlinks=False)
            except FileExistsError:
                raise self._name_taken(target) from None
            except OSError as error:
                self._rename_without_link(source, target, folders, error)
            else:
                os.unlink(name, dir_fd=from_folder)
            _sync_folder(to_folder)

    def _rename_without_link(self, source: str, target: str, folders: dict[str, int], error: OSError) -> None:
        if self._stat(target) is not None:
            raise self._name_taken(target)
        if error.errno in _NO_HARD_LINKS:
            os.rename(os.path.basename(source), os.path.basename(target), **folders)
        elif error.errno == errno.EXDEV:
            self._copy_across(source, target)
        else:
            raise error

    def _copy_across(self, source: str, target: str) -> None:
        """Move between file systems: a complete copy under a temporary name, then the rename."""
        temporary = os.path.join(os.path.dirname(target), temporary_name())
        listed = self._stat(source)
        if listed is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", source)
        try:
            self._write(temporary, self._read(source, listed.size))
            self._rename(temporary, target)
        except BaseException:
            self._remove_quietly(temporary)
            raise
        self._remove(source)

    def _remove(self, path: str) -> bool:
        with self._translated("delete", path):
            folder, name = os.path.split(path)
            try:
                with self._held(folder) as held:
                    os.unlink(name, dir_fd=held)
            except FileNotFoundError:
                return False
            return True

    def _make_folder(self, path: str) -> None:
        with self._translated("create the folder", path, on_folder=True):
            os.makedirs(path, mode=0o770, exist_ok=True)

    @contextmanager
    def _translated(self, verb: str, path: str, *, on_folder: bool = False) -> Iterator[None]:
        self._remaining_seconds()
        try:
            yield
        except OSError as error:
            action = self._action(verb, path, on_folder=on_folder)
            raise storage_error(error, action, error.strerror or "") from error


def _entry(name: str, status: os.stat_result) -> Entry:
    return Entry(name, _kind(status.st_mode), status.st_size, str(status.st_mtime_ns), status.st_mtime)


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _is_below(path: str, roots: Iterable[str]) -> bool:
    real = os.path.realpath(path)
    return any(os.path.commonpath([real, os.path.realpath(root)]) == os.path.realpath(root) for root in roots)


def _place_of(descriptor: int, path: str) -> str:
    """Return where a folder is that is held open; systems that do not tell are asked for its path."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return path


def _sync_folder(held: int) -> None:
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=held)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
