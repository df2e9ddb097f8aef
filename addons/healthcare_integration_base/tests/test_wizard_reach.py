"""A dialog is for whoever opened it: others neither read what lies in it nor change what it is about."""

import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .door_common import DoorCase

ORDER = b'{"patient": "QUARLES"}'


@tagged("post_install", "-at_install")
class TestWizardReach(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.uploader = cls.integration_user("dialog-uploader", "operator", "phi")
        cls.colleague = cls.integration_user("dialog-colleague", "operator")
        elsewhere = cls.env["res.company"].create({"name": "Another Hospital"})
        cls.stranger = new_test_user(
            cls.env,
            "dialog-stranger",
            "base.group_user,healthcare_integration_base.group_operator",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )

    def test_an_uploaded_document_is_read_by_nobody_else(self):
        uploads = self.env["integration.upload"]
        upload = uploads.with_user(self.uploader).create(
            {"flow_id": self.flow.id, "file": base64.b64encode(ORDER), "file_name": "QUARLES.json"}
        )
        upload.action_preview()
        self.assertIn("QUARLES", upload.preview)
        self.env.flush_all()
        for user in (self.colleague, self.stranger):
            seen = upload.with_user(user)
            self.assertFalse(seen.search([]))
            self.assertFalse(seen.search([("preview", "like", "QUARLES")]))
            for read in (
                lambda seen=seen: seen.read(["file", "preview"]),
                lambda seen=seen: seen.export_data(["file", "text"]),
                lambda seen=seen: seen.copy(),
                lambda seen=seen: seen.write({"flow_id": self.flow.id}),
                lambda seen=seen: seen.action_upload(),
            ):
                # Odoo refuses the export to who may not export at all.
                with self.assertRaises(UserError):
                    read()
        self.assertEqual(base64.b64decode(upload.file), ORDER)

    def test_nobody_opens_a_dialog_about_a_record_of_another_company(self):
        endpoint = self.env["integration.endpoint"].create(
            {"name": "Mailbox", "system_id": self.system.id, "host": "sftp.invalid"}
        )
        message = self.env["integration.message"].create(
            {"company_id": self.system.company_id.id, "file_name": "QUARLES.json"}
        )
        mapping = self.env["integration.mapping"].create(
            {"name": "Orders", "document_type_id": self.document_type.id}
        )
        for model_name, values in (
            ("integration.upload", {"flow_id": self.flow.id}),
            ("integration.endpoint.check", {"endpoint_id": endpoint.id}),
            ("integration.message.payload", {"message_id": message.id}),
            ("integration.mapping.preview", {"mapping_id": mapping.id}),
        ):
            with self.subTest(model_name):
                self.env[model_name].with_user(self.uploader).create(values)
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    self.env[model_name].with_user(self.stranger).create(values)

    def test_the_key_that_a_manager_is_shown_is_the_one_that_is_approved(self):
        manager = self.integration_user("dialog-manager", "manager")
        endpoint = self.env["integration.endpoint"].create(
            {"name": "Mailbox", "system_id": self.system.id, "host": "sftp.invalid"}
        )
        shown = (
            self.env["integration.endpoint.check"]
            .with_user(manager)
            .create({"endpoint_id": endpoint.id, "presented_key": "SHA256:" + "a" * 43})
        )
        with self.assertRaises(AccessError):
            shown.with_user(self.colleague).presented_key = "SHA256:" + "b" * 43
