"""Throw-away PostgreSQL servers, which a test may break."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from provisioning import paths, test_environment
from provisioning.cluster import Cluster

_PREFIX = "test-cluster-"


@contextlib.contextmanager
def throw_away(settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Have a cluster for the length of the block, in a folder that an unprivileged user may reach.

    Its server is started by the first that joins it. What tests left behind that were killed is removed.

    :param settings: PostgreSQL's settings besides those of the set-up
    """
    for left in paths.LOCAL.glob(f"{_PREFIX}*"):
        if not Path("/proc", left.name.removeprefix(_PREFIX)).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = paths.LOCAL / f"{_PREFIX}{os.getpid()}"
    cluster = Cluster(folder, test_environment.inherited().server.binaries, settings)
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
