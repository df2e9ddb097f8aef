"""Runs the crons that are due on a database, over and over, until the process is ended.

It does what Odoo's cron workers do, with the same function, but looks every moment instead of waiting for
a notification.
"""

import time

import effects

from odoo.modules.registry import Registry

from odoo.addons.base.models.ir_cron import IrCron

LOOK_SECONDS = 0.05


def main(database):
    effects.allow(Registry(database))
    while True:
        IrCron._process_jobs(database)
        time.sleep(LOOK_SECONDS)
