import base64
import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .door_common import DoorCase

ORDER = b'{"order": 1}'


@tagged("post_install", "-at_install")
class TestUpload(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = cls.integration_user("upload-operator", "operator")
        cls.unmasked = cls.integration_user("upload-unmasked", "operator", "phi")
        cls.document_type.json_schema = json.dumps(
            {"type": "object", "properties": {"order": {"type": "integer"}}}
        )

    def upload(self, body=ORDER, user=None, name="orders.json", **values):
        values = {"flow_id": self.flow.id, "file": base64.b64encode(body), "file_name": name, **values}
        return self.env["integration.upload"].with_user(user or self.operator).create(values)

    def text(self, text, user=None):
        return self.upload(user=user, source="text", text=text, file=False)

    def test_a_file_becomes_a_message_of_the_flow_and_is_applied(self):
        action = self.upload().action_upload()
        message = self.env["integration.message"].browse(action["res_id"])
        self.assertEqual((message.flow_id, message.file_name), (self.flow, "orders.json"))
        self.run_tasks()
        self.assertEqual(message.state, "applied")
        self.assertEqual(self.handled, [("orders", ORDER, self.runner)])
        entry = self.env["integration.audit.entry"].search([("event", "=", "message.uploaded")])
        self.assertEqual((entry.res_id, entry.actor_login), (message.id, self.operator.login))
        self.assertIn(f"Uploaded by {self.operator.login}", message.timeline)
        self.assertFalse(self.env["integration.upload"].search([]))

    def test_the_same_bytes_are_taken_in_once_whichever_way_they_come(self):
        self.upload().action_upload()
        with self.assertRaisesRegex(UserError, "received before"):
            self.upload(name="again.json").action_upload()
        mailbox = self.sandbox_endpoint(self.system)
        self.assertEqual(self.receive(mailbox, "orders.json", ORDER).state, "duplicate")

    def test_who_may_upload(self):
        viewer = self.integration_user("upload-viewer", "viewer")
        with self.assertRaises(AccessError):
            self.upload(user=viewer)
        with self.assertRaises(AccessError):
            self.upload().action_preview()

    def test_what_a_flow_does_not_take(self):
        self.flow.max_bytes = 20
        for body in (b"", b"x" * 21, b"{", b'{"order": "one"}'):
            with self.subTest(body), self.assertRaises(UserError):
                self.upload(body).action_upload()
        self.flow.action_retire()
        with self.assertRaises(UserError):
            self.upload().action_upload()
        self.assertFalse(self.messages())

    def test_typed_text_is_taken_in_by_test_systems_only(self):
        with self.assertRaisesRegex(UserError, "production"):
            self.text('{"order": 2}').action_upload()
        self.system.environment = "test"
        message = self.env["integration.message"].browse(self.text('{"order": 2}').action_upload()["res_id"])
        self.assertTrue(message.is_test)
        self.assertEqual(message._payload(), b'{"order": 2}')

    def test_a_preview_shows_the_plan_and_writes_nothing(self):
        before = self.counts()
        upload = self.text('{"order": 3}', self.unmasked)
        upload.action_preview()
        self.assertIn('{"order": 3}', upload.preview)
        self.assertEqual(self.handled, [])
        self.assertEqual(self.counts(), before)

    def test_a_preview_shows_what_is_wrong(self):
        self.document_type.handler = False
        upload = self.text('{"order": 3}', self.unmasked)
        upload.action_preview()
        self.assertIn("document_type.no_handler", upload.preview)

    def counts(self):
        names = ("integration.message", "integration.task", "integration.message.key",
                 "integration.audit.entry", "integration.exception")  # fmt: skip
        return {name: self.env[name].search_count([]) for name in names}
