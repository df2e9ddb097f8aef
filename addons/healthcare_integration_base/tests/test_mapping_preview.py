from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .mapping_common import WORKERS, MappingCase


@tagged("post_install", "-at_install")
class TestMappingPreview(MappingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.viewer = cls.integration_user("preview-viewer", "viewer")
        cls.unmasked = cls.integration_user("preview-unmasked", "viewer", "phi")

    def preview(self, user, payload=WORKERS, mapping=None, **values):
        message = self.message(payload)
        wizard = (
            self.env["integration.mapping.preview"]
            .with_user(user)
            .create({"mapping_id": (mapping or self.mapping).id, "message_id": message.id, **values})
        )
        wizard.action_show()
        return wizard

    def readings(self):
        return self.env["integration.audit.entry"].sudo().search([("event", "=", "message.payload_read")])

    def test_each_line_shows_source_and_target_or_what_is_wrong(self):
        text = self.preview(self.unmasked).result
        for expected in (
            "Record 1, line 2",
            "Ann",
            "Country: United States",
            "2026-02-28",
            "crosswalk.unknown_code",
        ):
            self.assertIn(expected, text)

    def test_nothing_is_written(self):
        before = self.env["res.partner"].search_count([])
        _text = self.preview(self.unmasked).result
        self.assertEqual(self.env["res.partner"].search_count([]), before)
        self.assertFalse(self.batches)

    def test_values_are_masked_without_the_role(self):
        wizard = self.preview(self.viewer)
        text = wizard.result
        self.assertTrue(wizard.is_masked)
        for private in ("Ann", "Bob", "United States", "DE", "2026-01-31"):
            self.assertNotIn(private, text)
        for expected in ("3 characters", "a value (date)", "crosswalk.unknown_code", "hired"):
            self.assertIn(expected, text)

    def test_a_broken_document_is_masked_as_well(self):
        mapping = self.new_mapping(name="JSON", record_format="json_lines")
        text = self.preview(self.viewer, b'{"number": 1, "secret": 1E99999, "a": 1}\n{"x', mapping).result
        self.assertIn("json.number", text)
        self.assertNotIn("1E99999", text)

    def test_every_reading_is_audited(self):
        before = self.readings()
        wizard = self.preview(self.unmasked)
        _text = wizard.result
        entry = self.readings() - before
        self.assertEqual(len(entry), 1)
        self.assertEqual((entry.actor_id.id, entry.res_id), (self.unmasked.id, wizard.message_id.id))
        self.assertIn("Workers v1", entry.detail)

    def test_the_document_is_escaped(self):
        text = self.preview(self.unmasked, WORKERS.replace(b"Ann", b"<script>alert(1)</script>")).result
        self.assertNotIn("<script>", text)
        self.assertIn("&lt;script&gt;", text)

    def test_some_records_are_shown(self):
        text = self.preview(self.unmasked, record_count=1).result
        self.assertIn("Record 1", text)
        self.assertNotIn("Record 2", text)

    def test_a_draft_shows_what_keeps_it_from_running(self):
        mapping = self.new_mapping(name="Draft")
        mapping.column_ids[0].unlink()
        self.assertIn("no column number", self.preview(self.viewer, mapping=mapping).result)

    def test_all_that_is_wrong_with_a_row_is_shown(self):
        columns = [Command.create({"name": name, "type": "date"}) for name in ("hired", "number")]
        columns += [Command.create({"name": name}) for name in ("name", "country")]
        mapping = self.new_mapping(name="Dates", column_ids=columns)
        payload = WORKERS.replace(b"2026-01-31", b"yesterday")
        text = self.preview(self.unmasked, payload, mapping).result
        for expected in ("line 2, column hired", "Found: yesterday.", "line 2, column number", "Found: 1."):
            self.assertIn(expected, text)
        masked = self.preview(self.viewer, payload, mapping).result
        self.assertIn("line 2, column hired", masked)
        self.assertNotIn("yesterday", masked)

    def test_namespaces_that_cannot_be_used_are_told(self):
        values = {"record_format": "xml", "column_ids": [], "line_ids": []}
        mapping = self.new_mapping(name="XML", **values)
        mapping.namespaces = "x"
        self.assertIn("write a prefix", self.preview(self.viewer, b"<a/>", mapping).result)

    def test_a_file_that_is_wrong_shows_why(self):
        self.assertIn("csv.title_missing", self.preview(self.viewer, b"a,b\n1,2\n").result)

    def test_nothing_is_read_before_a_message_is_chosen(self):
        wizard = (
            self.env["integration.mapping.preview"]
            .with_user(self.viewer)
            .create({"mapping_id": self.mapping.id})
        )
        self.assertFalse(wizard.result)
        with self.assertRaises(UserError):
            wizard.action_show()

    def test_outsiders_see_nothing(self):
        outsider = self.integration_user("preview-outsider", "phi")
        with self.assertRaises(AccessError):
            self.preview(outsider)
