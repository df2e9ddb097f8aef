"""The packages that benchmarks compare with, each in a folder of its own: the suite never imports them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from provisioning import environment, paths, stamps
from provisioning.progress import step

#: pip's arguments for each peer. The job queue is an addon of the Odoo that is there already.
PACKAGES = {
    "edi-835-parser": ("edi-835-parser==1.8.0",),
    "queue_job": ("--no-deps", "odoo-addon-queue_job==19.0.2.4.0.1"),
    "openupgradelib": ("--no-deps", "openupgradelib"),
}


def folder(name: str) -> Path:
    """Return the folder that a peer is installed in."""
    return paths.LOCAL / "benchmarks" / name


def ensure(names: Sequence[str]) -> None:
    """Install the peers that are missing."""
    for name in names:
        key = stamps.digest(*PACKAGES[name], environment.CONSTRAINTS.read_bytes())
        if stamps.is_current(f"peer-{name}", key) and folder(name).exists():
            continue
        with step(f"Peer {name}") as current:
            shutil.rmtree(folder(name), ignore_errors=True)
            arguments = ["--target", str(folder(name)), *PACKAGES[name]]
            environment.pip_install(arguments, f"The peer {name} could not be installed", current)
        stamps.record(f"peer-{name}", key)
