"""A real file system that holds little."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE = "256k"
#: Programs that give a process mounts of its own: for root, and for whoever may have a user namespace.
_WAYS = (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"])
_MOUNT_AND_WAIT = 'mount -t tmpfs -o size="$1" tmpfs "$0" && echo mounted && exec cat'


@contextlib.contextmanager
def mounted(folder: Path, size: str = SIZE) -> Iterator[Path]:
    """Have a disk of some size for the length of the block; skip where nobody but root may mount one.

    :param folder: to be made
    :return: path of the disk for all processes of this user, whatever mounts they see themselves
    """
    with mounted_if_allowed(folder, size) as disk:
        if disk is None:
            pytest.skip("optional: a small disk needs root or a user namespace, and there is neither here")
        yield disk


@contextlib.contextmanager
def mounted_if_allowed(folder: Path, size: str = SIZE) -> Iterator[Path | None]:
    """Have a disk as :func:`mounted` has it; None where that is not allowed."""
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        ways = _WAYS if shutil.which("unshare") else ()
        holders = (
            stack.enter_context(_holding([*way, "sh", "-c", _MOUNT_AND_WAIT, folder, size])) for way in ways
        )
        holder = next((process_id for process_id in holders if process_id), None)
        yield holder and Path(f"/proc/{holder}/root", *folder.absolute().parts[1:])


@contextlib.contextmanager
def _holding(command: list) -> Iterator[int | None]:
    """Run a process that mounts the disk where it alone sees it, and keeps it; yield its id if it could."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process.pid if process.stdout.readline() else None
        finally:
            process.stdin.close()


def fill(folder: Path) -> Path:
    """Fill the disk with one file, and return its path."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(b"x" * 4096)
    return filler
