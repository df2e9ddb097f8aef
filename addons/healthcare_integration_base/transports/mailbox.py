"""The rules of a mailbox made of folders, whatever carries the bytes.

:class:`MailboxTransport` decides what may be fetched, proves that it is complete, delivers without
ever overwriting, and clears up after the commit. Subclasses know how to look at, read, write and
rename one path.
"""

from __future__ import annotations

import errno
import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import PurePosixPath

from ..errors import BusinessRuleError, IntegrationError, TransientError
from .base import Disposed, RefusedName, RemoteFile, Sent, Step, Transport
from .names import is_temporary_of, marker_names, temporary_name, unique_name
from .selection import Selection, require_plain_name, select
from .settings import ConfigurationError
from .storage_errors import Action, file_missing, storage_error


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder, not followed if it is a link.

    :ivar kind: ``file``, ``folder``, ``link`` or ``other``
    :ivar size: bytes
    :ivar version: modification time as text, as exact as the other side tells it
    :ivar modified: the same in seconds since 1970, or None
    """

    name: str
    kind: str
    size: int
    version: str
    modified: float | None

    def as_file(self) -> RemoteFile:
        identity = f"{self.name}|{self.size}|{self.version}"
        return RemoteFile(self.name, self.size, _datetime(self.modified), identity)


def _datetime(seconds: float | None) -> datetime | None:
    """Return an aware datetime, None for no time and for one beyond the calendar."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


class NameTakenError(TransientError):
    """The target of a rename exists already."""


class MailboxTransport(Transport):
    """Inbox, outbox and archive as folders.

    :ivar refused: after :meth:`list`, the matching names that cannot be fetched and why; report
        them, since nothing else tells the partner that such a file waits for ever
    """

    def __init__(self, settings):
        super().__init__(settings)
        self.refused: Sequence[RefusedName] = ()

    # === Verbs === #

    def list(self) -> Sequence[RemoteFile]:
        selection = self._select()
        self.refused = selection.refused
        return selection.files

    def fetch(self, file: RemoteFile) -> Iterator[bytes]:
        path = self._inbox_path(file.name)
        self._require_unchanged(file, self._stat(path), path)
        received = 0
        for chunk in self._read(path, file.size):
            received += len(chunk)
            if received > file.size:
                raise self._changed(path, f"{file.size} bytes", "more bytes than listed")
            yield chunk
            self._remaining_seconds()
        if received < file.size:
            raise self._changed(path, f"{file.size} bytes", f"{received} bytes")
        after = self._stat(path)
        if after is not None:
            self._require_unchanged(file, after, path)

    def send(self, name: str, chunks: Iterable[bytes], *, idempotency_key: str = "") -> Sent:
        require_plain_name(self.code, name)
        folder = self._folder("outbox")
        target = self._join(folder, name)
        tally = _Tally()
        if self._stat(target) is not None:
            for chunk in chunks:
                tally.add(chunk)
            return self._already_sent(name, target, tally)
        temporary = self._join(folder, temporary_name(name))
        try:
            self._write(temporary, tally.watch(chunks))
            self._require_size(temporary, tally.size)
            self._rename(temporary, target)
        except NameTakenError:
            self._remove_quietly(temporary)
            return self._already_sent(name, target, tally)
        except BaseException:
            self._remove_quietly(temporary)
            raise
        return Sent(name, tally.size, tally.hexdigest())

    def remove_unfinished(self, name: str) -> None:
        folder = self._folder("outbox")
        # A partner need not show what lies in its outbox; sending works without that.
        with suppress(IntegrationError):
            entries = [entry.name for entry in self._scan(folder)]
            for left in entries:
                if is_temporary_of(left, name):
                    self._remove_quietly(self._join(folder, left))

    def dispose(self, file: RemoteFile) -> Disposed:
        if self.settings.after_fetch == "leave":
            return Disposed("left")
        path = self._inbox_path(file.name)
        current = self._stat(path)
        if current is not None and current.as_file().identity != file.identity:
            return Disposed("replaced")
        self._remove_markers(file.name)
        if current is None:
            return Disposed("gone")
        if self.settings.after_fetch == "delete":
            return Disposed("deleted" if self._remove(path) else "gone")
        return self._archive(path, file.name)

    # === What carries the bytes === #

    @abstractmethod
    def _at(self, path: str) -> str:
        """Return mailbox and path for error texts."""

    @abstractmethod
    def _join(self, *parts: str) -> str:
        """Join folders and a name."""

    @abstractmethod
    def _scan(self, folder: str) -> Iterator[Entry]:
        """Yield the entries of a folder."""

    @abstractmethod
    def _stat(self, path: str) -> Entry | None:
        """Return how a path looks, links not followed; None when it does not exist."""

    @abstractmethod
    def _read(self, path: str, size: int) -> Iterator[bytes]:
        """Yield up to ``size`` bytes in chunks, and a byte more if the file is longer."""

    @abstractmethod
    def _write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Create a file that must not exist yet and make sure its bytes are kept."""

    @abstractmethod
    def _rename(self, source: str, target: str) -> None:
        """Rename; :raises NameTakenError: the target exists."""

    @abstractmethod
    def _remove(self, path: str) -> bool:
        """Delete a file; return whether it was there."""

    @abstractmethod
    def _make_folder(self, path: str) -> None:
        """Create a folder and those above it, unless it exists."""

    # === Connection test === #

    def _check_steps(self, probe_write: bool) -> Sequence[Step]:
        steps = []
        if self.settings.inbox:
            steps.append(("Inbox listed", self._check_inbox))
        if self.settings.outbox:
            steps.append(("Outbox found", self._check_outbox))
            if probe_write:
                steps.append(("Outbox writable", self._check_writable))
        return steps

    def _check_inbox(self) -> str:
        selection = self._select()
        return ", ".join([f"{len(selection.files)} files ready", *selection.notes()])

    def _check_outbox(self) -> str:
        folder = self._folder("outbox")
        entry = self._stat(folder)
        if entry is None or entry.kind not in ("folder", "link"):
            action = self._action("open the folder", folder, on_folder=True)
            raise storage_error(FileNotFoundError(errno.ENOENT, "no such folder"), action, "no such folder")
        return folder

    def _check_writable(self) -> str:
        path = self._join(self._folder("outbox"), temporary_name())
        try:
            self._write(path, ())
        finally:
            self._remove_quietly(path)
        return "an empty file was created and removed"

    # === Helpers === #

    def _folder(self, name: str) -> str:
        folder = getattr(self.settings, name)
        if not folder:
            raise ConfigurationError(
                code=f"{self.code}.no_{name}",
                message=f"The endpoint has no {name}",
                location=self._place(),
                expected=f"a folder in {name!r}",
                found="nothing",
                remedy=f"Fill in {name!r} of the endpoint.",
                subject=self._place(),
            )
        return self._join(self.settings.root, folder)

    def _inbox_path(self, name: str) -> str:
        require_plain_name(self.code, name)
        return self._join(self._folder("inbox"), name)

    def _select(self) -> Selection:
        folder = self._folder("inbox")
        return select(self._bounded(folder), self.settings)

    def _bounded(self, folder: str) -> Iterator[Entry]:
        for position, entry in enumerate(self._scan(folder)):
            self._remaining_seconds()
            if position >= self.settings.maximum_entries:
                raise ConfigurationError(
                    code=f"{self.code}.too_many_entries",
                    message="The folder holds too many entries to be listed",
                    location=self._at(folder),
                    expected=f"at most {self.settings.maximum_entries}",
                    found="more",
                    remedy="Let fetched files be archived or deleted, or raise 'maximum_entries'.",
                    subject=self._at(folder),
                )
            yield entry

    def _require_unchanged(self, file: RemoteFile, current: Entry | None, path: str) -> None:
        if current is None:
            raise file_missing(self._action("fetch", path))
        if current.kind != "file":
            raise ConfigurationError(
                code=f"{self.code}.not_a_file",
                message="Only regular files are fetched; links are not followed",
                location=self._at(path),
                expected="a regular file",
                found=current.kind,
                remedy="Put the file itself into the inbox.",
                subject=self._at(path),
            )
        if current.as_file().identity != file.identity:
            raise self._changed(path, f"{file.size} bytes as listed", f"{current.size} bytes, changed since")

    def _changed(self, path: str, expected: str, found: str) -> TransientError:
        return TransientError(
            code=f"{self.code}.file_changed",
            message="The file changed while it was fetched, or was cut off",
            location=self._at(path),
            expected=expected,
            found=found,
            remedy="It is fetched again when it has stopped growing.",
            subject=self._at(path),
        )

    def _require_size(self, path: str, size: int) -> None:
        written = self._stat(path)
        if written is None or written.size != size:
            raise TransientError(
                code=f"{self.code}.upload_cut",
                message="The mailbox did not keep all bytes that were sent",
                location=self._at(path),
                expected=f"{size} bytes",
                found="no file" if written is None else f"{written.size} bytes",
                remedy="It is sent again by itself; if it stays, ask the partner about free space.",
                subject=self._place(),
            )

    def _already_sent(self, name: str, target: str, tally: _Tally) -> Sent:
        existing = self._stat(target)
        if existing is not None and existing.kind == "file" and existing.size == tally.size:
            theirs = _Tally()
            for chunk in self._read(target, existing.size):
                theirs.add(chunk)
                self._remaining_seconds()
            if theirs.hexdigest() == tally.hexdigest():
                return Sent(name, tally.size, tally.hexdigest(), already_there=True)
        raise BusinessRuleError(
            code=f"{self.code}.name_taken",
            message="Another file with this name waits at the partner; it was not overwritten",
            location=self._at(target),
            expected="a free name, or the same content",
            found="other content",
            remedy="Ask the partner to take the file away, or give this one another name.",
            subject=self._at(target),
        )

    def _archive(self, path: str, name: str) -> Disposed:
        folder = self._folder("archive")
        self._make_folder(folder)
        try:
            try:
                return self._moved(path, self._join(folder, name))
            except NameTakenError:
                return self._moved(path, self._join(folder, unique_name(name)))
        except TransientError as error:
            if error.code != f"{self.code}.file_missing":
                raise
            return Disposed("gone")

    def _moved(self, path: str, target: str) -> Disposed:
        self._rename(path, target)
        return Disposed("archived", target)

    def _remove_markers(self, name: str) -> None:
        """Remove the done markers of a file; one that other files share stays for them."""
        if not self.settings.done_marker:
            return
        folder = self._folder("inbox")
        own, shared = marker_names(name, self.settings.done_marker)
        self._remove(self._join(folder, own))
        if self._stat(self._join(folder, shared)) is None:
            return
        stem = PurePosixPath(name).stem
        others = {entry.name for entry in self._bounded(folder) if PurePosixPath(entry.name).stem == stem}
        if others <= {name, shared}:
            self._remove(self._join(folder, shared))

    def _remove_quietly(self, path: str) -> None:
        # Clearing up must not hide the error that made it necessary; a left-over begins with a
        # dot and ends in .part, so that nobody picks it up.
        with suppress(IntegrationError):
            self._remove(path)

    def _name_taken(self, target: str) -> NameTakenError:
        return NameTakenError(
            code=f"{self.code}.target_exists",
            message="The target of the rename exists already",
            location=self._at(target),
            remedy="It is tried again with another name.",
        )

    def _action(self, verb: str, path: str, *, on_folder: bool = False) -> Action:
        return Action(self.code, verb, self._at(path), self._place(), on_folder)


class _Tally:
    """Counts and hashes bytes as they pass."""

    def __init__(self):
        self.size = 0
        self._digest = hashlib.sha256()

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._digest.update(chunk)

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.add(chunk)
            yield chunk

    def hexdigest(self) -> str:
        return self._digest.hexdigest()
