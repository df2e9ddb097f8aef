"""Whether programs leave anything behind outside the checkout: a file, or a process that runs on."""

from __future__ import annotations

from pathlib import Path

import psutil

#: Where programs put what is a person's own or of no lasting use, by environment variable.
_PLACES = (
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
)


class Outside:
    """Empty folders in the place of the real ones.

    :ivar variables: environment variables that name them
    """

    def __init__(self, folder: Path) -> None:
        self.variables = {name: str(folder / name) for name in _PLACES}
        self._folder = folder
        for place in self.variables.values():
            Path(place).mkdir(parents=True, mode=0o700)

    def assert_untouched(self) -> None:
        """Fail when anything is in the folders, or a process is left that was told of them."""
        left = {str(path) for path in self._folder.rglob("*")} - set(self.variables.values())
        assert not left, sorted(left)
        running = self._processes()
        assert not running, running

    def _processes(self) -> list[str]:
        mark = self.variables["TMPDIR"]
        return [
            " ".join(process.info["cmdline"] or [process.info["name"]])
            for process in psutil.process_iter(["name", "cmdline", "environ"])
            if (process.info["environ"] or {}).get("TMPDIR") == mark
        ]
