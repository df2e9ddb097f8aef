import datetime

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .door_common import DoorCase

NEW_YORK = datetime.datetime(2026, 3, 16, 12, 30)
UTC = datetime.datetime(2026, 3, 16, 8, 30)


@tagged("post_install", "-at_install")
class TestEventTime(DoorCase):
    """When a document says that it happened, apart from when it came."""

    def setUp(self):
        super().setUp()
        self.mailbox = self.sandbox_endpoint(self.system, time_zone="America/New_York")
        self.document_type.event_path = "header.created"
        self.route(self.mailbox.endpoint)

    def route(self, endpoint, flow=None):
        return self.env["integration.route"].create(
            {"endpoint_id": endpoint.id, "flow_id": (flow or self.flow).id}
        )

    def bring(self, body):
        message = self.receive(self.mailbox, f"document-{len(self.messages())}", body)
        self.assertEqual(message.state, "applied")
        return message

    def assert_happened(self, message, at, zone):
        self.assertEqual((message.event_at, message.event_time_zone, message.findings), (at, zone, False))

    def assert_unknown(self, message, code):
        """Fail unless the message is applied all the same, with a finding that names the setting."""
        self.assertEqual((message.event_at, message.event_time_zone), (False, False))
        [finding] = message.findings
        self.assertEqual((finding["code"], finding["severity"]), (code, "warning"))
        self.assertFalse(message.exception_ids)
        self.assertIn(finding["message"], message.findings_table)

    def new_mapped_flow(self, code, document_type, **values):
        mapping = self.env["integration.mapping"].create(
            {"name": code, "document_type_id": document_type.id, **values}
        )
        mapping.action_activate()
        return self.new_flow(code, document_type, mapping_id=mapping.id)

    # === FORMATS === #

    def test_a_time_without_a_zone_is_that_of_the_partner(self):
        message = self.bring(b'{"header": {"created": "2026-03-16T08:30:00"}}')
        self.assert_happened(message, NEW_YORK, "America/New_York")
        self.assertNotEqual(message.event_at, message.received_at)

    def test_a_time_with_a_zone_keeps_it(self):
        message = self.bring(b'{"header": {"created": "2026-03-16T10:30:00.25+02:00"}}')
        self.assert_happened(message, UTC, "UTC+0200")

    def test_an_event_of_a_webhook_tells_its_time(self):
        webhook = self.new_webhook()
        self.route(webhook)
        self.deliver(webhook, b'{"header": {"created": 1773649800}}', status=202)
        self.run_tasks()
        self.assert_happened(self.messages(webhook), UTC, "UTC+0000")

    def test_the_first_item_of_a_list_tells_its_time(self):
        self.document_type.event_path = "at"
        self.assert_happened(self.bring(b'[{"at": "2026-03-16T08:30:00Z"}, {}]'), UTC, "UTC+0000")

    def test_xml_tells_its_time_from_the_root(self):
        document_type = self.new_document_type(
            "notes", "xml", event_path="*[local-name()='Created']", event_pattern="MM/DD/YYYY HH:mm"
        )
        self.mailbox.endpoint.route_ids.flow_id = self.new_flow("notes", document_type)
        body = b'<n:Note xmlns:n="urn:n"><n:Created>03/16/2026 08:30</n:Created></n:Note>'
        self.assert_happened(self.bring(body), NEW_YORK, "America/New_York")

    def test_a_column_of_csv_tells_its_time(self):
        document_type = self.new_document_type(
            "counts", "csv", event_path="counted", event_pattern="YYYYMMDD"
        )
        self.mailbox.endpoint.route_ids.flow_id = self.new_mapped_flow(
            "counts",
            document_type,
            column_ids=[Command.create({"name": name}) for name in ("item", "counted")],
            line_ids=[Command.create({"source_path": "item", "target_field": "item"})],
        )
        midnight = datetime.datetime(2026, 3, 16, 4, 0)
        self.assert_happened(self.bring(b"item,counted\n1,20260316\n"), midnight, "America/New_York")
        document_type.event_path = "other"
        self.assert_unknown(self.bring(b"item,counted\n2,20260316\n"), "event_time.path")

    def test_no_path_no_time(self):
        self.document_type.event_path = False
        self.assert_happened(self.bring(b'{"header": {"created": "2026-03-16T08:30:00"}}'), False, False)

    # === FINDINGS === #

    def test_a_document_that_does_not_say_it_is_applied_with_a_finding(self):
        for body in (b"{}", b'{"header": {"created": ""}}', b'{"header": []}', b"[]"):
            with self.subTest(body):
                self.assert_unknown(self.bring(body), "event_time.missing")

    def test_what_is_no_time_is_a_finding_that_does_not_tell_it(self):
        values = (b'"Alex"', b'["Alex"]', b'{"Alex": 1}', b"99999999999", b"true")
        for number, value in enumerate(values):
            with self.subTest(value):
                message = self.bring(b'{"header": {"created": %s}, "n": %d}' % (value, number))
                self.assert_unknown(message, "event_time.unreadable")
                self.assertNotIn("Alex", str(message.findings))

    def test_what_is_no_document_of_its_format_is_the_handlers_to_refuse(self):
        self.assert_unknown(self.bring(b'{"header": '), "json.syntax")

    # === SETTING === #

    def test_a_path_that_the_format_cannot_have_is_refused(self):
        for format_name, path in (
            ("json", "a..b"),
            ("json", "now()"),
            ("xml", "/Created"),
            ("x12", "created"),
        ):
            with self.subTest(path), self.assertRaises(ValidationError):
                self.new_document_type(f"{format_name}.{path}", format_name, event_path=path)
        with self.assertRaises(ValidationError):
            self.document_type.event_pattern = "soon"
