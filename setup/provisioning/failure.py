"""The one exception of the set-up commands: what failed, what its log says, what to do now."""

from __future__ import annotations

from pathlib import Path

TAIL_LINES = 15


class SetupError(Exception):
    """A step of the set-up could not be done.

    :param what: what failed, in one sentence
    :param remedy: what the person can do about it
    :param log: the file with the whole story, if there is one
    """

    def __init__(self, what: str, remedy: str = "", log: Path | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.log = log

    def __str__(self) -> str:
        parts = [f"FAILED: {self.what}"]
        if self.log and self.log.exists():
            parts.append(f"Last lines of {self.log}:")
            parts.extend(f"    {line}" for line in tail(self.log))
        if self.remedy:
            parts.append(f"What to do: {self.remedy}")
        return "\n".join(parts)


def tail(log: Path, count: int = TAIL_LINES) -> list[str]:
    """Return the last ``count`` lines of a text file."""
    return log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
