"""A partner for demo and tests: a real SFTP server on loopback that serves one folder.

It speaks the whole protocol (asyncssh), keeps real files and stands in for the clearing house of a
payer; it is not meant to be reachable from elsewhere. Started as a program it prints one JSON line
with ``host``, ``port``, ``fingerprint`` and ``known_hosts`` when it accepts connections, and ends on
SIGTERM, when its parent dies, or with ``--until-stdin-closes`` when its standard input ends::

    python clearing_house.py --root DIR --port 0 --user U --password-file F --host-key FILE

Tests start it in a process of its own with :func:`running`. The ``--refuse-...``, ``--cut-after``
and similar options make it fail on purpose.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

HOST = "127.0.0.1"
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass(frozen=True)
class ClearingHouse:
    """A running server, as its JSON line describes it.

    :ivar fingerprint: ``SHA256:...`` of the host key
    :ivar known_hosts: the line of OpenSSH's ``known_hosts`` for it
    :ivar pid: process id
    """

    host: str
    port: int
    fingerprint: str
    known_hosts: str
    pid: int


@contextmanager
def running(root: Path, user: str, password: str, state: Path, *options: str) -> Iterator[ClearingHouse]:
    """Run a server for ``root`` in a process of its own; it ends with the block or with the caller.

    :param state: folder for the host key and the password file, both readable by the owner only
    :param options: further command line options
    """
    state.mkdir(parents=True, exist_ok=True)
    password_file = state / "password"
    _write_private(password_file, password.encode())
    command = [sys.executable, __file__, "--root", str(root), "--user", user]
    command += ["--password-file", str(password_file), "--host-key", str(state / "host_key")]
    command += ["--until-stdin-closes", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"The sandbox server ended with code {process.wait()}.")
            yield ClearingHouse(**json.loads(line))
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    options = _parser().parse_args(arguments)
    _die_with_parent()
    asyncio.run(_serve(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Sandbox clearing house: an SFTP server on loopback.")
    parser.add_argument("--root", type=Path, required=True, help="folder to serve")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-file", type=Path, help="file with the password")
    parser.add_argument("--authorized-keys", type=Path, help="public keys that may log in")
    parser.add_argument("--host-key", type=Path, required=True, help="generated when it does not exist")
    parser.add_argument("--until-stdin-closes", action="store_true")
    parser.add_argument("--sftp-server", metavar="PROGRAM", help="let OpenSSH's sftp-server keep the files")
    parser.add_argument("--interactive-only", action="store_true", help="ask for the password interactively")
    faults = parser.add_argument_group("faults")
    faults.add_argument("--refuse-login", action="store_true", help="refuse every login")
    faults.add_argument("--no-sftp", action="store_true", help="let in, but offer no SFTP")
    faults.add_argument("--freeze", action="store_true", help="hang when SFTP is requested")
    faults.add_argument("--refuse-rename", action="store_true", help="only OpenSSH's own rename works")
    faults.add_argument("--cut-after", type=int, metavar="BYTES", help="hang up after sending so many bytes")
    faults.add_argument("--cut-upload-after", type=int, metavar="BYTES", help="the same for bytes received")
    faults.add_argument(
        "--lose-after", type=int, metavar="BYTES", help="claim to keep more bytes, and do not"
    )
    faults.add_argument("--disk-full-after", type=int, metavar="BYTES", help="refuse to keep more bytes")
    faults.add_argument(
        "--end-at", type=int, metavar="BYTES", help="cut or fill up what is read to this size"
    )
    faults.add_argument("--read-delay", type=float, default=0.0, metavar="SECONDS", help="per read request")
    faults.add_argument("--list-name", action="append", default=[], help="list this name too")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = _stop_requests(options.until_stdin_closes)
    password = options.password_file.read_text().strip() if options.password_file else None
    key = _host_key(options.host_key)
    special = options.no_sftp or options.freeze or options.sftp_server
    server = await asyncssh.listen(
        HOST,
        options.port,
        server_factory=lambda: _Login(options, password),
        server_host_keys=[key],
        authorized_client_keys=str(options.authorized_keys) if options.authorized_keys else None,
        encoding=None,
        sftp_factory=None if special else lambda channel: _Files(channel, options),
    )
    port = server.sockets[0].getsockname()[1]
    public = " ".join(key.export_public_key().decode().split()[:2])
    announced = ClearingHouse(HOST, port, key.get_fingerprint(), f"[{HOST}]:{port} {public}", os.getpid())
    print(json.dumps(vars(announced)), flush=True)
    await stop.wait()
    server.close()


class _Login(asyncssh.SSHServer):
    """Knows one user."""

    def __init__(self, options: argparse.Namespace, password: str | None):
        self._options = options
        self._password = password

    def begin_auth(self, username: str) -> bool:
        return True

    def session_requested(self) -> asyncssh.SSHServerSession:
        if self._options.no_sftp:
            return asyncssh.SSHServerSession()
        return _Frozen() if self._options.freeze else _OpenSshFiles(self._options)

    def password_auth_supported(self) -> bool:
        return self._password is not None and not self._options.interactive_only

    def kbdint_auth_supported(self) -> bool:
        return self._options.interactive_only

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> tuple:
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: list[str]) -> bool:
        return len(responses) == 1 and self.validate_password(username, responses[0])

    def validate_password(self, username: str, password: str) -> bool:
        expected = (self._options.user, self._password)
        return not self._options.refuse_login and (username, password) == expected


class _OpenSshFiles(asyncssh.SSHServerSession):
    """A session whose files are kept by OpenSSH's sftp-server, in a process of its own."""

    def __init__(self, options: argparse.Namespace):
        self._options = options
        self._channel = self._child = None

    def connection_made(self, chan) -> None:
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp"

    def session_started(self) -> None:
        command = [self._options.sftp_server, "-e", "-d", str(self._options.root)]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        asyncio.get_running_loop().add_reader(self._child.stdout.fileno(), self._forward)

    def data_received(self, data: bytes, datatype) -> None:
        self._child.stdin.write(data)
        self._child.stdin.flush()

    def eof_received(self) -> bool:
        self._child.stdin.close()
        return True

    def connection_lost(self, exc) -> None:
        if self._child is not None:
            asyncio.get_running_loop().remove_reader(self._child.stdout.fileno())
            self._child.kill()
            self._child.wait()

    def _forward(self) -> None:
        if data := os.read(self._child.stdout.fileno(), 1 << 16):
            self._channel.write(data)
        else:
            asyncio.get_running_loop().remove_reader(self._child.stdout.fileno())
            self._channel.exit(0)


class _Frozen(asyncssh.SSHServerSession):
    """A session at whose request for SFTP the whole server hangs, until its standard input ends."""

    def subsystem_requested(self, subsystem: str) -> bool:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os._exit(0)


class _Files(asyncssh.SFTPServer):
    """The served folder, with the faults; their counters start anew for each session."""

    def __init__(self, channel, options: argparse.Namespace):
        super().__init__(channel, chroot=os.fsencode(options.root))
        self._options = options
        self._sent = self._received = 0

    async def scandir(self, path):
        async for name in super().scandir(path):
            yield name
        for extra in self._options.list_name:
            yield asyncssh.SFTPName(os.fsencode(extra), attrs=_regular_file())

    async def read(self, file_obj, offset, size):
        if self._options.read_delay:
            await asyncio.sleep(self._options.read_delay)
        data = super().read(file_obj, offset, size)
        if self._options.end_at is not None:
            data = data.ljust(size, b"\0")[: max(0, self._options.end_at - offset)]
        self._sent += len(data)
        self._hang_up_after(self._options.cut_after, self._sent)
        return data

    def write(self, file_obj, offset, data):
        self._received += len(data)
        self._hang_up_after(self._options.cut_upload_after, self._received)
        limit = self._options.disk_full_after
        if limit is not None and self._received > limit:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._options.lose_after is not None and self._received > self._options.lose_after:
            return len(data)
        return super().write(file_obj, offset, data)

    def rename(self, oldpath, newpath):
        if self._options.refuse_rename:
            raise asyncssh.SFTPOpUnsupported("Rename is not supported")
        return super().rename(oldpath, newpath)

    def _hang_up_after(self, limit: int | None, passed: int) -> None:
        if limit is not None and passed > limit:
            self.connection.abort()


def _regular_file():
    return asyncssh.SFTPAttrs(size=1, permissions=0o100644, uid=0, gid=0, atime=0, mtime=0)


def _host_key(path: Path):
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_private(path, asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    return asyncssh.read_private_key(path)


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _stop_requests(until_stdin_closes: bool) -> asyncio.Event:
    """Return an event that is set when the server is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        loop.add_reader(sys.stdin.fileno(), lambda: os.read(sys.stdin.fileno(), 4096) or stop.set())
    return stop


def _die_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent dies, even by SIGKILL (Linux)."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit("The parent process is gone.")


if __name__ == "__main__":
    main()
