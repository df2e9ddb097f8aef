"""``setup/odoo``: Odoo's own command line."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator

from . import odoo_process, processes, progress

#: Seconds that a step may take before it is mentioned: Odoo's own output is what was asked for.
_PATIENCE = 2.0


def main(arguments: list[str]) -> int:
    """Run Odoo with the arguments and return its exit code, negative for a signal."""
    progress.report_to(sys.stderr, _PATIENCE)
    with odoo_process.provisioned() as odoo:
        process = subprocess.Popen(
            odoo.command(*arguments), env=odoo.variables(), preexec_fn=processes.end_with_parent
        )
        try:
            with _interrupts_left_to_child():
                return process.wait()
        finally:
            processes.end(process)


@contextlib.contextmanager
def _interrupts_left_to_child() -> Iterator[None]:
    """Ignore Ctrl-C here: the terminal sends it to Odoo too, where it may only mean "clear this line"."""
    before = signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
