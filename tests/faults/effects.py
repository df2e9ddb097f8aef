"""Tasks of the tests: they leave an effect that can be counted, send a document, or need a mapped code."""

import os
import time

from odoo.addons.healthcare_integration_base.errors import MappingError
from odoo.addons.healthcare_integration_base.queue import current_task, integration_task

METHOD = "_integration_fault_effect"
SENDING_METHOD = "_integration_fault_sending"
CODE_METHOD = "_integration_fault_code"


@integration_task("Leave an effect")
def leave_effect(records, seconds):
    """Insert a row for the task, then stay in the transaction for a while."""
    _count(records)
    time.sleep(seconds)


@integration_task("Leave an effect and send a document")
def send_document(records, flow_code, size):
    """Insert a row for the task and queue a document that bears the task's number."""
    _count(records)
    flow = records.env["integration.flow"].search([("code", "=", flow_code)])
    flow._send(records.browse(), documents={"number": current_task().id, "text": "x" * size})


def _count(records):
    records.env.cr.execute(
        "INSERT INTO integration_fault_effect (task_id, worker) VALUES (%s, %s)",
        (current_task().id, os.getpid()),
    )


@integration_task("Use a code that somebody must map")
def use_code(records, code):
    """Fail until the code is mapped; then count as done."""
    records.env.cr.execute("SELECT 1 FROM integration_fault_mapping WHERE code = %s", (code,))
    if not records.env.cr.fetchone():
        raise MappingError(
            "faults.unknown_code",
            "The code is not mapped.",
            location="here",
            expected="a mapped code",
            found=code,
            subject=f"code:{code}",
            remedy="Map it.",
        )


def allow(registry):
    """Add the tasks to partners, in this process."""
    setattr(registry["res.partner"], METHOD, leave_effect)
    setattr(registry["res.partner"], SENDING_METHOD, send_document)
    setattr(registry["res.partner"], CODE_METHOD, use_code)
