"""Run a PostgreSQL server until no command uses it: ``postgres_keeper.py FOLDER BINARIES [NAME=VALUE ...]``.

The keeper is a process of its own, apart from the terminal's. It waits for a lock that every using command
shares and that the kernel releases however a command ends, so that even a killed one leaves no server behind.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

if __package__ is None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from provisioning.cluster import Cluster
from provisioning.locks import held_alone


def main(arguments: list[str]) -> None:
    """Keep the server of a cluster's folder; does nothing where it has a keeper."""
    folder, binaries, *settings = arguments
    cluster = Cluster(Path(folder), Path(binaries), dict(setting.split("=", 1) for setting in settings))
    with held_alone(cluster.keeper_lock) as alone:
        if not alone:
            return
        # a server whose keeper was killed is taken over as it runs
        if not cluster.postmaster_pid():
            server = cluster.serve()
            threading.Thread(target=_end_with, args=(server,), daemon=True).start()
        with cluster.usage.last():
            cluster.stop()


def _end_with(server) -> None:
    server.wait()
    os._exit(1 if server.returncode else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
