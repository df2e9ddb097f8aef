"""Turns what an operating system or an SFTP server answers into errors with codes and remedies."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from ..errors import IntegrationError, TransientError
from .settings import ConfigurationError

_MISSING = {errno.ENOENT, errno.ENOTDIR}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FULL_WORDS = ("no space", "disk full", "quota", "insufficient storage")


@dataclass(frozen=True)
class Action:
    """What was tried when an error came.

    :ivar kind: code of the transport, the prefix of error codes
    :ivar verb: for the message, e.g. ``list the folder``
    :ivar location: mailbox and path it was tried on
    :ivar mailbox: address of the mailbox
    :ivar on_folder: a missing path is a missing folder, which only a person can put right
    """

    kind: str
    verb: str
    location: str
    mailbox: str
    on_folder: bool = False


def storage_error(error: OSError, action: Action, said: str) -> IntegrationError:
    """Return the error of the kernel that stands for ``error``.

    :param said: the other side's own words, already free of secrets
    """
    if error.errno in _MISSING:
        return _folder_missing(action) if action.on_folder else file_missing(action)
    if error.errno in _FORBIDDEN:
        return _permission_denied(action, said)
    if error.errno in _FULL or any(word in said.lower() for word in _FULL_WORDS):
        return _disk_full(action, said)
    return TransientError(
        code=f"{action.kind}.failure",
        message=f"The mailbox refused to {action.verb}",
        location=action.location,
        expected="success",
        found=said or "no reason given",
        remedy="It is tried again later; if it stays, show this text to the partner's support.",
        subject=f"{action.mailbox} {action.verb}",
    )


def file_missing(action: Action) -> TransientError:
    """Return the error for a file that was there before."""
    return TransientError(
        code=f"{action.kind}.file_missing",
        message=f"The file to {action.verb} is not there any more",
        location=action.location,
        expected="the file of the last listing",
        found="no such file",
        remedy="Somebody else has taken it: look into the archive, or wait for the next listing.",
        subject=action.location,
    )


def _folder_missing(action: Action) -> ConfigurationError:
    return ConfigurationError(
        code=f"{action.kind}.folder_missing",
        message="The folder does not exist",
        location=action.location,
        expected="an existing folder",
        found="no such folder",
        remedy="Correct the folder in the endpoint, or have it created.",
        subject=action.location,
    )


def _permission_denied(action: Action, said: str) -> ConfigurationError:
    return ConfigurationError(
        code=f"{action.kind}.permission_denied",
        message=f"We are not allowed to {action.verb}",
        location=action.location,
        expected="permission",
        found=said or "permission denied",
        remedy="Have the permission granted, or use another folder or account.",
        subject=f"{action.mailbox} {action.verb}",
    )


def _disk_full(action: Action, said: str) -> TransientError:
    return TransientError(
        code=f"{action.kind}.disk_full",
        message=f"There is no room left to {action.verb}",
        location=action.location,
        expected="free space",
        found=said or "disk full",
        remedy="Have space freed at the mailbox; it is tried again by itself.",
        subject=action.mailbox,
    )
