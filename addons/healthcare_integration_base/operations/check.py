"""One thing that was looked at, and what it was found to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

STATES = ("ok", "warning", "failure")


@dataclass(frozen=True)
class Check:
    """The result of looking at one thing.

    :ivar code: stable name, e.g. ``lanes.active``
    :ivar title: what was looked at
    :ivar state: ``ok``, ``warning`` (works, and will not for long or not for all) or ``failure``
    :ivar found: what is; never a secret or a person's data
    :ivar expected: what should be
    :ivar remedy: what to change, empty when nothing is to be changed
    """

    code: str
    title: str
    state: str
    found: str = ""
    expected: str = ""
    remedy: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether nothing has to be done at once."""
        return self.state != "failure"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def worst_state(checks: Iterable[Check]) -> str:
    """Return the worst of the checks' states, ``ok`` without any check."""
    return max((check.state for check in checks), key=STATES.index, default="ok")
