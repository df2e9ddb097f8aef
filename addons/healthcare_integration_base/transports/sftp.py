"""A mailbox on an SFTP server. The SSH library is imported when the first connection is made."""

from __future__ import annotations

import errno
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .base import CHUNK_SIZE, Step, register
from .host_keys import HostKeyPin, parse_host_keys
from .mailbox import Entry, MailboxTransport
from .names import name_problem
from .settings import MailboxSettings, SettingsReader
from .sftp_errors import said
from .sftp_session import SftpSession
from .storage_errors import storage_error

if TYPE_CHECKING:
    from paramiko import SFTPAttributes, SFTPClient, SFTPFile

# chunks requested at once: hides the round trip and bounds the memory of a download
_CHUNKS_AHEAD = 4


@dataclass(frozen=True, kw_only=True)
class SftpSettings(MailboxSettings):
    """Settings of an SFTP mailbox; folders are relative to the login folder unless they begin with /.

    :ivar host_keys: the approved keys; without any the connection is refused after showing the
        server's fingerprint
    :ivar password: password, also used where the server asks for it interactively
    :ivar private_key: the key file's text
    :ivar passphrase: decrypts ``private_key``
    :ivar connect_timeout: seconds for reaching the host and agreeing on encryption
    :ivar read_timeout: seconds for each answer
    """

    host: str
    username: str
    port: int = 22
    host_keys: tuple[HostKeyPin, ...] = ()
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    connect_timeout: float = 15.0
    read_timeout: float = 30.0

    @property
    def address(self) -> str:
        """Host and port for error texts."""
        return f"{self.host}:{self.port}"

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> SftpSettings:
        """Check plain values; :raises ConfigurationError: with one finding per wrong setting.

        ``host_key`` is text in the notations of :mod:`.host_keys`; the other names are those of
        the attributes.
        """
        reader = SettingsReader("sftp", values)
        settings = cls(
            **reader.mailbox(root_required=False, default_root="."),
            host=reader.text("host", required=True),
            port=reader.integer("port", 22, 1, 65_535),
            username=reader.text("username", required=True),
            host_keys=_host_keys(reader),
            password=reader.text("password", secret=True),
            private_key=reader.text("private_key", secret=True),
            passphrase=reader.text("passphrase", secret=True),
            connect_timeout=reader.seconds("connect_timeout", 15.0, 0.1, 300.0),
            read_timeout=reader.seconds("read_timeout", 30.0, 0.1, 3_600.0),
        )
        if not settings.password and not settings.private_key:
            reader.refuse("password", "a password or a private key", "neither", "Choose a credential.")
        reader.finish()
        return settings


def _host_keys(reader: SettingsReader) -> tuple[HostKeyPin, ...]:
    pins = reader.parsed(
        "host_key",
        parse_host_keys,
        "a known_hosts line or a fingerprint SHA256:...",
        "Ask the partner for the server's Ed25519, ECDSA or RSA key; MD5 fingerprints are not enough.",
    )
    return pins or ()


@register
class SftpTransport(MailboxTransport):
    """Fetches from and sends to an SFTP server.

    Uploads wait for the answer to each block of 32 KB: the library can send ahead, but then drops
    errors of blocks that came before the last.
    """

    code = "sftp"
    settings_class = SftpSettings

    def __init__(self, settings: SftpSettings):
        super().__init__(settings)
        self._session: SftpSession | None = None

    def _opening_steps(self) -> Sequence[Step]:
        session = SftpSession(self.settings, self._remaining_seconds(), self._out_of_time)
        self._session = session
        return [
            ("Connected", session.connect),
            ("Host key approved", session.verify_host_key),
            ("Logged in", session.log_in),
            ("SFTP started", session.start_sftp),
        ]

    def _disconnect(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _place(self) -> str:
        return self.settings.address

    def _at(self, path: str) -> str:
        return f"{self.settings.address} {path}"

    def _join(self, *parts: str) -> str:
        return posixpath.normpath(posixpath.join(*parts))

    def _scan(self, folder: str) -> Iterator[Entry]:
        with self._translated("list the folder", folder, on_folder=True) as client:
            # not listdir_iter: it takes whatever answer comes next for its own
            listing = client.listdir_attr(folder)
        for attributes in listing:
            if attributes.st_mode is not None and attributes.st_size is not None:
                yield _entry(attributes.filename, attributes)
            elif not name_problem(attributes.filename):
                looked_at = self._stat(self._join(folder, attributes.filename))
                if looked_at is not None:
                    yield looked_at

    def _stat(self, path: str) -> Entry | None:
        with self._translated("look at the file", path) as client:
            try:
                return _entry(posixpath.basename(path), client.lstat(path))
            except FileNotFoundError:
                return None

    def _read(self, path: str, size: int) -> Iterator[bytes]:
        with self._translated("fetch", path) as client, client.open(path, "rb") as file:
            _request_ahead_without_thread(file)
            position = 0
            while position < size:
                ahead = _ahead(position, size)
                for (_offset, wanted), chunk in zip(ahead, file.readv(ahead), strict=True):
                    position += len(chunk)
                    if chunk:
                        yield chunk
                    if len(chunk) < wanted:
                        return
            file.seek(size)
            if surplus := file.read(1):
                yield surplus

    def _write(self, path: str, chunks: Iterable[bytes]) -> None:
        with (
            self._translated("write a file", posixpath.dirname(path), on_folder=True) as client,
            client.open(path, "wx") as file,
        ):
            for chunk in chunks:
                file.write(chunk)
                self._remaining_seconds()

    def _rename(self, source: str, target: str) -> None:
        with self._translated("rename", source) as client:
            try:
                client.rename(source, target)
            except OSError as error:
                if isinstance(error, TimeoutError):
                    raise
                if self._stat(target) is not None:
                    raise self._name_taken(target) from None
                if self._stat(source) is None:
                    raise FileNotFoundError(errno.ENOENT, "no such file") from error
                self._posix_rename(client, source, target, error)

    def _posix_rename(self, client: SFTPClient, source: str, target: str, refusal: OSError) -> None:
        """Rename by OpenSSH's extension, for servers whose plain rename fails with a free target."""
        try:
            client.posix_rename(source, target)
        except OSError:
            raise refusal from None

    def _remove(self, path: str) -> bool:
        with self._translated("delete", path) as client:
            try:
                client.remove(path)
            except FileNotFoundError:
                return False
            return True

    def _make_folder(self, path: str) -> None:
        with self._translated("create the folder", path, on_folder=True) as client:
            if self._stat(path) is not None:
                return
            parent = posixpath.dirname(path)
            if parent not in ("", "/", "."):
                self._make_folder(parent)
            try:
                client.mkdir(path, 0o770)
            except OSError:
                if self._stat(path) is None:
                    raise

    @contextmanager
    def _translated(self, verb: str, path: str, *, on_folder: bool = False) -> Iterator[SFTPClient]:
        self._remaining_seconds()
        session = self._session
        with session.translated(verb):
            try:
                yield session.client
            except OSError as error:
                if not _is_answer(error):
                    raise
                action = self._action(verb, path, on_folder=on_folder)
                raise storage_error(error, action, said(error, self.settings)) from error


def _is_answer(error: OSError) -> bool:
    """Tell whether the server answered with an error, as opposed to the network failing."""
    return not isinstance(error, (TimeoutError, ConnectionError)) and str(error) != "Socket is closed"


def _request_ahead_without_thread(file: SFTPFile) -> None:
    """Have ``readv`` send its requests itself.

    The library does so in a thread, for it may be asked to send more than fits on the line; a lost
    connection then ends the thread with a traceback on the console. The few requests of
    ``_CHUNKS_AHEAD`` never block.
    """

    def request(*arguments):
        file._prefetching = True
        file._prefetch_done = False
        file._prefetch_thread(*arguments)

    file._start_prefetch = request


def _ahead(position: int, size: int) -> list[tuple[int, int]]:
    """Return offset and length of the chunks to request next."""
    end = min(size, position + _CHUNKS_AHEAD * CHUNK_SIZE)
    return [(offset, min(CHUNK_SIZE, end - offset)) for offset in range(position, end, CHUNK_SIZE)]


def _entry(name: str, attributes: SFTPAttributes) -> Entry:
    mode, modified = attributes.st_mode, attributes.st_mtime
    return Entry(
        name=name,
        kind=_kind(mode),
        size=attributes.st_size or 0,
        version="" if modified is None else str(modified),
        modified=modified,
    )


def _kind(mode: int | None) -> str:
    if mode is None or stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"
