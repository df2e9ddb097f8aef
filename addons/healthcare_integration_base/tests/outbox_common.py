"""What the tests of sending share: an outgoing flow and a partner's folder to look into."""

from pathlib import Path

from odoo.fields import Command

from .common import ADDON

DOCUMENT = {"order": "P00017", "supplier": "Northern Supplies", "total": 3}


class OutboxMixin:
    """For test cases of the kit: flows that send."""

    def new_type(self, data_class="none", document_format="json", **values):
        return self.env["integration.document.type"].create(
            {
                "name": f"Orders {data_class}",
                "code": f"test.orders.{data_class}.{document_format}",
                "direction": "out",
                "format": document_format,
                "data_class": data_class,
                **values,
            }
        )

    def sending_mailbox(self, **values):
        """Return a partner's folder that we send to, see :class:`SandboxMailbox`."""
        mailbox = self.sandbox_endpoint(direction="both", outbox_path="outbox", **values)
        (mailbox.root / "outbox").mkdir()
        return mailbox

    def sending_flow(self, endpoint, document_type=None, **values):
        """Return a live flow that sends to an endpoint."""
        runner = self.integration_user(f"sender-{endpoint.id}")
        flow = self.env["integration.flow"].create(
            {
                "name": "Orders",
                "code": f"orders {endpoint.id}",
                "system_id": endpoint.system_id.id,
                "endpoint_id": endpoint.id,
                "document_type_id": (document_type or self.new_type()).id,
                "user_id": runner.id,
                **values,
            }
        )
        flow.action_approve()
        flow.action_go_live()
        return flow

    def partner_record(self):
        return self.env["res.partner"].create({"name": "Northern Supplies"})

    def send(self, flow, document=DOCUMENT, **options):
        """Return the message of a document, queued."""
        return flow._send(self.partner_record(), documents=document, **options)

    def arrived(self, mailbox):
        """Return ``{name: content}`` of what lies in the partner's folder."""
        return {path.name: path.read_bytes() for path in Path(mailbox.root / "outbox").iterdir()}

    def send_tasks(self, message):
        domain = [("message_id", "=", message.id), ("method_name", "=", "_send_queued")]
        return self.env["integration.task"].search(domain)

    def make_due(self, message):
        """Let a sending that waits be due, as if its time had come."""
        self.send_tasks(message).eta = self.env.cr.now()

    def cleared_for(self, *names):
        classes = [self.env.ref(f"{ADDON}.data_class_{name}").id for name in names]
        return {"data_class_ids": [Command.set(classes)]}
