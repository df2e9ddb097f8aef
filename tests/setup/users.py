"""Processes that join what commands share, and leave it again."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

SETUP = Path(__file__).resolve().parents[2] / "setup"


@contextlib.contextmanager
def users(script: str, *arguments: Path) -> Iterator[Callable[[], subprocess.Popen]]:
    """Yield a function that starts a user, which has joined when it returns; at the end they are killed.

    :param script: gets the folder of the set-up and the arguments, and prints ``joined`` when that is done
    """
    processes = []

    def start():
        command = [sys.executable, "-c", script, str(SETUP), *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout.readline() == "joined\n"
        return process

    try:
        yield start
    finally:
        for process in processes:
            process.kill()
            process.communicate()
