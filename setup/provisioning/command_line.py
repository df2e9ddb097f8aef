"""What the commands have in common: errors, interruption, and Python's version."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from .failure import SetupError
from .processes import exit_like


def run(main: Callable[[list[str]], int]) -> None:
    """Run a command's main function on the command line and end the process with its result."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = main(sys.argv[1:])
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        code = 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr, flush=True)
        code = 130
    exit_like(code)


def _terminate(_signal, _frame) -> None:
    # as an exception, so that whatever was started is stopped on the way out
    raise SystemExit(143)
