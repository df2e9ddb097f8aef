"""Who runs PostgreSQL: it refuses to be run by root, and no system user may be made for it."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .failure import SetupError

UNPRIVILEGED = "nobody"
#: Within a user namespace root's own files belong to an ordinary number, and the process has no other right.
_NAMESPACE = ("unshare", "--user", "--map-user=1000")


@dataclass(frozen=True)
class ClusterOwner:
    """The identity under which a cluster's programs run.

    :param user: the user and group ids to change to; ``None`` keeps the present ones
    :param prefix: a program that changes the identity and runs the rest of the command line
    """

    user: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: Path, binaries: Path) -> ClusterOwner:
        """Return the identity for the cluster in ``folder``, the one it was made with if there is one.

        :raises SetupError: root runs the command and no other identity can reach the folder
        """
        if os.geteuid() != 0:
            return cls()
        made_by_root = (folder / "data" / "PG_VERSION").exists() and (folder / "data").stat().st_uid == 0
        candidates = [cls(prefix=_NAMESPACE)]
        if not made_by_root:
            candidates.insert(0, cls(user=_unprivileged_ids()))
        for candidate in candidates:
            if candidate._reaches(folder, binaries):
                return candidate
        raise SetupError(
            f"PostgreSQL may not be run by root, and no other user can reach {folder}",
            "Move the checkout to a folder that every user may enter (such as /srv or /opt), or run the "
            "command as an ordinary user.",
        )

    def command(self, arguments: Sequence[str | Path]) -> list[str]:
        """Return the command line that runs ``arguments`` under this identity, with :meth:`options`."""
        return [*self.prefix, *(str(argument) for argument in arguments)]

    def options(self) -> dict:
        """Return the options of :class:`subprocess.Popen` for this identity."""
        if self.user is None:
            return {}
        return {"user": self.user[0], "group": self.user[1], "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make this identity the owner of a file or folder."""
        if self.user is not None:
            os.chown(path, *self.user)

    def _reaches(self, folder: Path, binaries: Path) -> bool:
        probe = 'test -x "$1" && "$2" --version'
        command = ["sh", "-c", probe, "probe", folder, binaries / "postgres"]
        try:
            result = subprocess.run(
                self.command(command), check=False, cwd="/", capture_output=True, **self.options()
            )
        except OSError:
            return False
        return result.returncode == 0


def _unprivileged_ids() -> tuple[int, int]:
    entry = pwd.getpwnam(UNPRIVILEGED)
    return entry.pw_uid, entry.pw_gid
