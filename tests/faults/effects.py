"""A task whose effect can be counted: one row each time it is run to its end."""

import os
import time

from odoo.addons.healthcare_integration_base.queue import current_task, integration_task

METHOD = "_integration_fault_effect"


@integration_task("Leave an effect")
def leave_effect(records, seconds):
    """Insert a row for the task, then stay in the transaction for a while."""
    records.env.cr.execute(
        "INSERT INTO integration_fault_effect (task_id, worker) VALUES (%s, %s)",
        (current_task().id, os.getpid()),
    )
    time.sleep(seconds)


def allow(registry):
    """Add the task to partners, in this process."""
    setattr(registry["res.partner"], METHOD, leave_effect)
