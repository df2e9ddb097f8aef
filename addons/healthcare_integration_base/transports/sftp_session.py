"""One SSH connection with an SFTP channel: connected, host key proven, logged in, bounded in time."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ..errors import TransientError
from . import sftp_errors
from .host_keys import fingerprint, offers
from .private_key import load_private_key

if TYPE_CHECKING:
    from paramiko import SFTPClient
    from paramiko import Transport as SshTransport

# What goes wrong on the wire reaches the caller as an exception, so the library need not log it too
# (it would, as ERROR with a traceback). Its own level can be set on this logger to trace a problem.
_LOG_CHANNEL = "healthcare_integration.ssh"


class SftpSession:
    """Call the steps in order: connect, verify_host_key, log_in, start_sftp; then use ``client``.

    A timer closes the connection when the total time is over, so that a server which keeps on
    sending single bytes cannot hold the caller longer than that.

    :param out_of_time: makes the error for the end of the total time
    """

    def __init__(self, settings, seconds: float, out_of_time: Callable[[], TransientError]):
        self.settings = settings
        self.client: SFTPClient | None = None
        self._ssh: SshTransport | None = None
        self._out_of_time = out_of_time
        self._expired = False
        self._approved = False
        self._presented: list[str] = []
        self._deadline = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def connect(self) -> str:
        """Open the connection and agree on encryption, preferably with an approved host key."""
        for algorithms in offers(self.settings.host_keys):
            with self.translated("connect"):
                self._negotiate(algorithms)
            if self._approved:
                break
        return self.settings.address

    def verify_host_key(self) -> str:
        """Return the fingerprint of the server's key.

        :raises ConfigurationError: ``sftp.host_key_missing`` or ``sftp.host_key_mismatch``; nothing
            secret has been sent by then
        """
        if not self._approved:
            raise sftp_errors.host_key_refused(self.settings, self._presented)
        return self._presented[-1]

    def log_in(self) -> str:
        """Authenticate with the private key, the password, or both where the server wants both."""
        try:
            with self.translated("log in"):
                self._authenticate()
        except sftp_errors.AuthenticationRefusedError as refusal:
            if not self.settings.password or "keyboard-interactive" not in refusal.allowed:
                raise
            # on a new connection: the library asks to log in a second time, which some servers refuse
            self.connect()
            self.verify_host_key()
            with self.translated("log in"):
                self._require_login(self._ssh.auth_interactive(self.settings.username, self._answers))
        return self.settings.username

    def _authenticate(self) -> None:
        settings, missing = self.settings, []
        if settings.private_key:
            key = load_private_key(settings.private_key, settings.passphrase)
            missing = self._ssh.auth_publickey(settings.username, key)
        if settings.password and not self._ssh.is_authenticated():
            missing = self._ssh.auth_password(settings.username, settings.password, fallback=False)
        self._require_login(missing)

    def _require_login(self, missing: Sequence[str]) -> None:
        if not self._ssh.is_authenticated():
            raise sftp_errors.authentication_refused(self.settings, missing)

    def _answers(self, _title: str, _instructions: str, prompts: Sequence[tuple[str, bool]]) -> list[str]:
        """Answer one hidden prompt with the password, and no others."""
        if [shown for _prompt, shown in prompts] == [False]:
            return [self.settings.password]
        return [""] * len(prompts)

    def start_sftp(self) -> str:
        """Open the SFTP channel."""
        import paramiko

        with self.translated("start SFTP"):
            channel = self._ssh.open_session(timeout=self.settings.connect_timeout)
            channel.settimeout(self.settings.read_timeout)
            try:
                channel.invoke_subsystem("sftp")
            except paramiko.SSHException:
                if not self._ssh.is_active():
                    raise
                raise sftp_errors.no_sftp(self.settings) from None
            self.client = paramiko.SFTPClient(channel)
        return "SFTP started"

    def close(self) -> None:
        """Hang up; never raises."""
        self._timer.cancel()
        self._hang_up()

    @contextmanager
    def translated(self, verb: str) -> Iterator[None]:
        """Turn whatever the network and the SSH library raise into errors of the kernel."""
        try:
            yield
        except Exception as error:
            if self._expired:
                raise self._out_of_time() from error
            alive = self._ssh is not None and self._ssh.is_active()
            translation = sftp_errors.connection_error(error, self.settings, verb, alive)
            if translation is None:
                raise
            raise translation from error

    def _negotiate(self, algorithms: tuple[str, ...]) -> None:
        """Connect and agree on a key exchange; without a common type of host key, stay unconnected."""
        import paramiko

        self._hang_up()
        connection = self._reach()
        try:
            ssh = paramiko.Transport(connection)
        except BaseException:
            connection.close()
            raise
        self._ssh = ssh
        ssh.set_log_channel(_quiet_channel())
        if self._expired:
            raise TimeoutError("no time left")
        # longer than the wait below, which then is what ends a silent server's turn
        ssh.banner_timeout = ssh.handshake_timeout = self.settings.connect_timeout + 1
        ssh.auth_timeout = ssh.channel_timeout = self.settings.read_timeout
        known = ssh.get_security_options().key_types
        ssh.get_security_options().key_types = tuple(name for name in algorithms if name in known)
        try:
            ssh.start_client(timeout=self.settings.connect_timeout)
        except paramiko.ssh_exception.IncompatiblePeer as error:
            if "host key" not in str(error):
                raise
            self._hang_up()
            return
        self._examine(ssh)

    def _examine(self, ssh: SshTransport) -> None:
        """Note the host key that a connection was agreed with, and whether it is approved."""
        import paramiko

        try:
            key = ssh.get_remote_server_key()
        except paramiko.SSHException:
            raise TimeoutError("no key exchange in time") from None
        self._presented.append(f"{key.get_name()} {fingerprint(key.asbytes())}")
        self._approved = any(pin.fits(key.asbytes()) for pin in self.settings.host_keys)

    def _reach(self) -> socket.socket:
        """Return a TCP connection to the first address of the host that answers."""
        settings = self.settings
        addresses = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        end = min(time.monotonic() + settings.connect_timeout, self._deadline)
        failure: OSError = TimeoutError("no time left")
        for family, kind, protocol, _name, address in addresses:
            remaining = end - time.monotonic()
            if remaining <= 0:
                break
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(remaining)
                connection.connect(address)
                # each block of an upload waits for an answer: 40 ms of delay per block otherwise
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
            except OSError as error:
                connection.close()
                failure = error
        raise failure

    def _expire(self) -> None:
        self._expired = True
        self._hang_up()

    def _hang_up(self) -> None:
        ssh, self._ssh = self._ssh, None
        if ssh is not None:
            ssh.close()
            with suppress(OSError):
                ssh.sock.close()


def _quiet_channel() -> str:
    logger = logging.getLogger(_LOG_CHANNEL)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)
    return _LOG_CHANNEL
