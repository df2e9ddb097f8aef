"""Runs the crons that are due on a database, over and over, until the process is ended.

It does what Odoo's cron workers do, with the same function, but looks every moment instead of waiting for
a notification. It begins when the gate opens, so that the first of several leaves work for the others.
"""

import os
import time
from pathlib import Path

import effects
import impatience

from odoo.modules.registry import Registry

from odoo.addons.base.models.ir_cron import IrCron

LOOK_SECONDS = 0.05


def main(database, gate):
    """Say in the folder ``gate`` that this process is ready; work as soon as a file ``open`` is there."""
    registry = Registry(database)
    effects.allow(registry)
    impatience.shorten_waits(registry)
    gate = Path(gate)
    (gate / f"ready-{os.getpid()}").touch()
    while not (gate / "open").exists():
        time.sleep(LOOK_SECONDS)
    while True:
        IrCron._process_jobs(database)
        time.sleep(LOOK_SECONDS)
