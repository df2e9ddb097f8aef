import base64
import json
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from ..doors.delivery import LARGEST_BODY
from .door_common import DoorCase

SCHEMA = {
    "type": "object",
    "required": ["order"],
    "properties": {"order": {"type": "integer"}, "lines": {"type": "array", "items": {"type": "object"}}},
}
ORDER = b'{"order": 1, "lines": [{"item": "gloves"}]}'
WRONG = b'{"order": "Alex Testcase", "lines": [{}, 2]}'


@tagged("post_install", "-at_install")
class TestDocumentSchema(DoorCase):
    """Whatever way a document came, it is as the schema of its type has it before anything processes it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document_type.json_schema = json.dumps(SCHEMA)

    def setUp(self):
        super().setUp()
        self.webhook = self.new_webhook()
        self.mailbox = self.sandbox_endpoint(self.system)
        for endpoint in (self.webhook, self.mailbox.endpoint):
            self.env["integration.route"].create({"endpoint_id": endpoint.id, "flow_id": self.flow.id})

    def by_webhook(self, body):
        """Let an event arrive and everything happen that follows; return its message."""
        self.deliver(self.webhook, body, status=202)
        self.run_tasks()
        return self.messages(self.webhook)[-1]

    def by_mailbox(self, body):
        return self.receive(self.mailbox, f"order-{len(self.messages())}.json", body)

    def assert_refused(self, message, code, *places):
        """Fail unless the message is held for the places, each of them as ``(place, expected, found)``."""
        self.assertEqual((message.state, message.exception_ids.code), ("held", code))
        exception = message.exception_ids
        details = exception.detail or [
            {"location": exception.location, "expected": exception.expected, "found": exception.found}
        ]
        self.assertEqual(len(details), len(places), details)
        for detail, (place, expected, found) in zip(details, places, strict=True):
            self.assertTrue(detail["location"].endswith(place), detail["location"])
            self.assertEqual((detail["expected"], detail["found"]), (expected, found))
        self.assertTrue(exception.remedy)
        self.assertEqual(self.handled, [])

    def test_an_event_of_a_webhook_is_held_to_the_schema(self):
        self.assert_held_to_the_schema(self.by_webhook)

    def test_a_file_of_a_mailbox_is_held_to_the_schema(self):
        self.assert_held_to_the_schema(self.by_mailbox)

    def assert_held_to_the_schema(self, bring):
        message = bring(WRONG)
        self.assert_refused(
            message,
            "body.schema",
            ("/lines/1", 'type: "object"', "number"),
            ("/order", 'type: "integer"', "text of 13 characters"),
        )
        self.assertNotIn("Alex", f"{message.exception_ids.read()}{message.task_ids.read()}")
        self.assertEqual(message._payload(), WRONG)
        self.assertEqual(bring(ORDER).state, "applied")
        self.assertEqual([document for _flow, document, _user in self.handled], [ORDER])

    def test_a_text_that_is_no_json_is_told_with_its_place(self):
        message = self.by_mailbox(b'{"order": 1,\n "lines": [}')
        self.assert_refused(message, "body.json", ("line 2, column 12", "JSON", "expecting value"))

    def test_a_mark_of_the_byte_order_is_understood(self):
        self.assertEqual(self.by_mailbox(b"\xef\xbb\xbf" + ORDER).state, "applied")

    def test_a_schema_that_was_corrected_lets_the_document_through(self):
        message = self.by_webhook(b'{"order": "A1"}')
        self.document_type.json_schema = json.dumps({**SCHEMA, "properties": {"order": {"type": "string"}}})
        message.exception_ids.action_resolve()
        self.run_tasks()
        self.assertEqual(message.state, "applied")

    def test_each_of_the_lines_is_a_document_where_the_mapping_reads_lines(self):
        mapping = self.env["integration.mapping"].create(
            {
                "name": "Orders",
                "document_type_id": self.document_type.id,
                "record_format": "json_lines",
                "line_ids": [Command.create({"source_path": "order", "target_field": "number"})],
            }
        )
        mapping.action_activate()
        self.flow.action_revise()
        self.flow.mapping_id = mapping
        self.flow.action_approve()
        self.flow.action_go_live()
        self.assertEqual(self.by_mailbox(b'{"order": 1}\n\n{"order": 2}\n').state, "applied")
        self.handled.clear()
        self.assert_refused(
            self.by_mailbox(b'{"order": 1}\n\n{"order": null}\n'),
            "body.schema",
            ("line 3, /order", 'type: "integer"', "null"),
        )

    def test_a_document_with_a_schema_has_a_largest_size(self):
        message = self.by_mailbox(b'{"order": 1, "pad": "' + b"x" * LARGEST_BODY + b'"}')
        self.assertEqual((message.state, message.exception_ids.code), ("held", "body.size"))
        self.document_type.json_schema = False
        message.exception_ids.action_resolve()
        self.run_tasks()
        self.assertEqual(message.state, "applied")

    # === NOT TWICE === #

    def upload(self, body):
        upload = self.env["integration.upload"].create(
            {"flow_id": self.flow.id, "file": base64.b64encode(body), "file_name": "orders.json"}
        )
        return self.env["integration.message"].browse(upload.action_upload()["res_id"])

    def by_api(self, body):
        client = self.env["integration.client"].create({"name": "Warehouse"})
        receipt = self.flow._take_in_from_client(
            client, body=body, media_type="application/json", idempotency_key=None
        )
        return self.messages().filtered(lambda message: message.uuid == receipt.uuid)

    def test_what_the_door_has_checked_is_not_checked_again(self):
        messages = self.upload(ORDER) + self.by_api(ORDER)
        with patch.object(type(self.document_type), "_complaints", side_effect=AssertionError) as check:
            self.run_tasks()
        check.assert_not_called()
        self.assertEqual(messages.mapped("state"), ["applied", "applied"])

    def test_what_was_checked_against_a_former_schema_is_checked_again(self):
        self.flow.action_pause()
        messages = self.upload(ORDER) + self.by_api(ORDER)
        self.document_type.json_schema = json.dumps({**SCHEMA, "required": ["order", "patient"]})
        self.flow.action_go_live()
        self.run_tasks()
        for message in messages:
            self.assert_refused(message, "body.schema", ("/patient", "a value", "nothing"))
