"""Start other programs so that they end with the command that started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from .failure import SetupError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
#: Seconds that a program gets to end by itself before it is killed.
GRACE_SECONDS = 20


def end_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when its parent dies; for ``preexec_fn``."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def started(command: Sequence[str | Path], **options) -> Iterator[subprocess.Popen]:
    """Start a program and see to it that it has ended when the block is left.

    ``options`` are those of :class:`subprocess.Popen`.
    """
    process = subprocess.Popen([str(part) for part in command], preexec_fn=end_with_parent, **options)
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen) -> None:
    """Ask the process to end, and kill it when it has not after :data:`GRACE_SECONDS`."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    what: str,
    remedy: str = "",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    **options,
) -> None:
    """Run a program to its end with its output in ``log``.

    :param on_line: called with each line of output, to show progress
    :param options: further ones of :class:`subprocess.Popen`
    :raises SetupError: it could not be started or ended with another code than 0
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8", errors="replace") as output:
        output.write(f"$ {' '.join(str(part) for part in command)}\n")
        output.flush()
        try:
            code = _copy_output(command, output, on_line, env=environment, cwd=folder, **options)
        except OSError as error:
            raise SetupError(f"{what}: {error}", remedy, log) from error
    if code:
        raise SetupError(f"{what} (exit code {code})", remedy, log)


def _copy_output(command, output, on_line, **options) -> int:
    options.setdefault("stdin", subprocess.DEVNULL)
    with started(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **options,
    ) as process:
        for line in process.stdout:
            output.write(line)
            if on_line:
                on_line(line.rstrip("\n"))
        return process.wait()


def exit_like(code: int) -> None:
    """End this process as a child ended: with its exit code, or by the signal that killed it."""
    if code < 0:
        if -code not in (signal.SIGKILL, signal.SIGSTOP):  # these can have no handler to remove
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    raise SystemExit(code)
