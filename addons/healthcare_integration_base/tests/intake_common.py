"""What the tests of the way in share: files of X12, a live flow, a handler that notes what it was given."""

import datetime
from unittest.mock import patch

from ..formats.x12 import (
    Group,
    Interchange,
    SegmentWriter,
    TransactionEnvelope,
    write_group,
    write_interchange,
    write_transaction,
)
from .common import IntegrationCase

CREATED = datetime.datetime(2026, 3, 16, 8, 30)


def x12_file(*bodies, sender="PAYER", control="1", usage="P"):
    """Return an interchange with one 835 transaction per body; a body is a list of segments."""
    interchange = Interchange(
        control_number=control, sender_qualifier="ZZ", sender=sender, receiver_qualifier="ZZ",
        receiver="HOSPITAL",
        created=CREATED, version="00501", usage=usage,
    )  # fmt: skip
    group = Group(
        functional_identifier="HP", sender=sender, receiver="HOSPITAL", created=CREATED, control_number="1",
        agency="X", version="005010X221A1",
    )  # fmt: skip
    writer = SegmentWriter(interchange.delimiters)
    transactions = (
        write_transaction(writer, TransactionEnvelope("835", f"{number:04d}"), body)
        for number, body in enumerate(bodies, 1)
    )
    return b"".join(write_interchange(writer, interchange, [write_group(writer, group, transactions)]))


class IntakeCase(IntegrationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.live_system()
        cls.document_type = cls.env["integration.document.type"].create(
            {"name": "Test", "code": "test.intake", "format": "x12", "handler": "integration.handler"}
        )
        cls.runner = cls.integration_user("intake-runner")
        cls.flow = cls.env["integration.flow"].create(
            {
                "name": "Remittances",
                "code": "intake",
                "system_id": cls.system.id,
                "document_type_id": cls.document_type.id,
                "user_id": cls.runner.id,
            }
        )
        cls.flow.action_approve()
        cls.flow.action_go_live()

    def setUp(self):
        super().setUp()
        self.mailbox = self.sandbox_endpoint(self.system)
        self.endpoint = self.mailbox.endpoint
        self.handled, self.refusal = [], None
        steps = {
            "_parse": lambda handler, message: message._payload(),
            "_plan": lambda handler, message, document: self._plan(handler, message, document),
            "_apply": lambda handler, message, plan: handler.env["res.partner"],
        }
        for name, step in steps.items():
            patcher = patch.object(self.registry["integration.handler"], name, step)
            patcher.start()
            self.addCleanup(patcher.stop)

    def _plan(self, handler, message, document):
        self.handled.append((message.transaction_control_number, document, handler.env.user, handler.env.su))
        if self.refusal:
            raise self.refusal
        return document

    def route(self, **values):
        return self.env["integration.route"].create(
            {"endpoint_id": self.endpoint.id, "flow_id": self.flow.id, "transaction_set": "835", **values}
        )

    def look(self):
        """Look into the mailbox and do everything that follows."""
        self.endpoint._queue_poll()
        self.run_tasks()

    def observed(self, name=None):
        """Return what the kernel remembers of the mailbox, or of one file in it."""
        domain = [("endpoint_id", "=", self.endpoint.id)] + ([("name", "=", name)] if name else [])
        return self.env["integration.endpoint.file"].search(domain)

    def messages(self):
        """Return the files that were received, oldest first."""
        domain = [("endpoint_id", "=", self.endpoint.id), ("parent_id", "=", False)]
        return self.env["integration.message"].search(domain, order="id")

    def exceptions(self, code):
        return self.env["integration.exception"].search([("code", "=", code)], order="id")
