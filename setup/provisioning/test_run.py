"""One run of ``./setup/test``: what its suites share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import paths
from .odoo_process import Odoo
from .outcomes import Report

_KEPT_RUNS = 5


@dataclass(frozen=True)
class TestRun:
    """The surroundings of a run's tests, and where their outcomes go.

    :param variables: environment variables of every test
    :param logs: a folder of this run's own, so that two runs at once do not mix
    """

    odoo: Odoo
    variables: Mapping[str, str]
    logs: Path
    report: Report = field(default_factory=Report)


def new_log_folder() -> Path:
    """Make the folder for this process's logs, and remove those of all but the latest runs."""
    ended = [folder for folder in paths.LOGS.glob("test-*") if not Path("/proc", folder.name[5:]).exists()]
    for folder in sorted(ended, key=lambda folder: folder.stat().st_mtime)[:-_KEPT_RUNS]:
        shutil.rmtree(folder)
    folder = paths.LOGS / f"test-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
