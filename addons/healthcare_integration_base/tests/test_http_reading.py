import json

from odoo.tests import tagged

from ..errors import TransientError
from .http_common import HttpCase

ITEMS = {
    "list_path": "/items",
    "pagination": "offset",
    "records_pointer": "/data",
    "size_parameter": "size",
    "page_size": 2,
    "payload_unit": "record",
}


@tagged("post_install", "-at_install")
class TestHttpReading(HttpCase):
    def setUp(self):
        super().setUp()
        self.add_records(1, 5)

    def add_records(self, first, last):
        self.partner.records += [
            {"id": number, "at": f"2026-03-{number:02d}T08:00:00Z"} for number in range(first, last + 1)
        ]

    def look(self, endpoint):
        """Look and go on until the pass ends; what becomes of the messages is not of interest here."""
        endpoint._queue_poll()
        self.run_tasks()

    def received(self, endpoint, state=None):
        """Return the ids of the records that became messages, in the order of their arrival."""
        domain = [("endpoint_id", "=", endpoint.id), ("state", "!=", "duplicate")]
        messages = self.env["integration.message"].search(domain, order="id")
        return [json.loads(message._payload())["id"] for message in messages]

    def test_one_message_for_each_record_over_several_tasks(self):
        endpoint = self.http_endpoint(**ITEMS, pages_per_look=1)
        with self.trap_tasks() as trap:
            self.look(endpoint)
        self.assertEqual(self.received(endpoint), [1, 2, 3, 4, 5])
        trap.assert_enqueued("integration.endpoint", "_poll", count=4)
        self.assertEqual((endpoint.error_message, endpoint.health), (False, "good"))
        self.assertFalse(endpoint.watermark["position"])

    def test_one_message_for_each_page(self):
        endpoint = self.http_endpoint(**{**ITEMS, "payload_unit": "page"})
        self.look(endpoint)
        messages = self.env["integration.message"].search([("endpoint_id", "=", endpoint.id)], order="id")
        self.assertEqual(
            [[row["id"] for row in json.loads(message._payload())["data"]] for message in messages],
            [[1, 2], [3, 4], [5]],
        )

    def test_the_next_look_reads_what_changed_since(self):
        endpoint = self.http_endpoint(**ITEMS, since_parameter="since", since_pointer="/at")
        self.look(endpoint)
        self.assertEqual(endpoint.watermark["since"], "2026-03-05T08:00:00Z")
        self.assertIn("2026-03-05", endpoint.watermark_text)
        self.add_records(6, 7)
        self.partner.seen.clear()
        self.look(endpoint)
        self.assertEqual(self.received(endpoint), [1, 2, 3, 4, 5, 6, 7])
        self.assertEqual(self.partner.seen[0].query["since"], "2026-03-05T08:00:00Z")
        endpoint.action_reset_watermark()
        self.look(endpoint)
        self.assertEqual(self.received(endpoint), [1, 2, 3, 4, 5, 6, 7], "what is known stays one message")

    def test_an_interruption_keeps_what_was_read_and_waits(self):
        endpoint = self.http_endpoint(**ITEMS, rate_per_minute=2, rate_burst=2)
        self.look(endpoint)
        self.assertEqual(self.received(endpoint), [1, 2, 3, 4])
        self.assertEqual(endpoint.watermark["position"], "4")
        waiting = self.env["integration.task"].search(
            [("method_name", "=", "_poll"), ("state", "=", "waiting")]
        )
        self.assertEqual((len(waiting), waiting.attempts), (1, 0))
        endpoint.write({"rate_per_minute": 0})
        with self.frozen_clock("2030-01-01 12:00:00"):
            self.run_tasks()
        self.assertEqual(self.received(endpoint), [1, 2, 3, 4, 5])

    def test_a_first_page_that_fails_is_noted_on_the_endpoint(self):
        endpoint = self.http_endpoint(**{**ITEMS, "list_path": "/fault/then-good"}, request_attempts=1)
        self.partner.failures = [(500, {})]
        self.look(endpoint)
        self.assertEqual((endpoint.consecutive_errors, endpoint.health), (1, "bad"))
        self.assertIn("http.server_error", endpoint.error_message)
        self.assertFalse(self.received(endpoint))

    def test_a_look_that_fails_leaves_no_half_of_a_page(self):
        endpoint = self.http_endpoint(**ITEMS)
        transport = type(endpoint._transport())
        original = transport.payload_name

        def failing(self, payload, content_type):
            if b'"id": 2' in payload:
                raise TransientError("http.test", "In mid-page")
            return original(self, payload, content_type)

        self.patch(transport, "payload_name", failing)
        self.look(endpoint)
        self.assertFalse(self.received(endpoint))
        self.assertFalse(endpoint.watermark)
