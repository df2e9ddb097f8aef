import time

from odoo.tests import tagged

from ..transports.gate import GateState
from .http_common import HttpCase
from .outbox_common import OutboxMixin


@tagged("post_install", "-at_install")
class TestOutboxHttp(OutboxMixin, HttpCase):
    """Sending to a real server on loopback."""

    def _queued(self, path="/documents", **values):
        endpoint = self.http_endpoint(send_path=path, request_attempts=1, **values)
        return self.send(self.sending_flow(endpoint))

    def _keys(self):
        return [request.headers.get("idempotency-key") for request in self.partner.seen]

    def test_a_document_is_sent_with_its_key(self):
        message = self._queued()
        self.run_tasks()
        self.assertEqual(message.state, "sent")
        self.assertEqual(self.partner.documents, {message.uuid: message._payload()})

    def test_a_retry_keeps_name_and_key(self):
        self.partner.failures = [(503, {})]
        message = self._queued("/fault/then-good?name={name}")
        name = message.file_name
        self.run_tasks()
        task = self.send_tasks(message)
        self.assertEqual((message.state, task.state, task.attempts), ("queued", "waiting", 1))
        self.assertEqual(task.error_code, "http.server_error")
        self.make_due(message)
        self.run_tasks()
        self.assertEqual((message.state, message.file_name), ("sent", name))
        self.assertEqual(self._keys(), [message.uuid] * 2)
        self.assertEqual([request.query["name"] for request in self.partner.seen], [name] * 2)
        self.assertFalse(message.endpoint_id.error_date, "the partner can be reached again")

    def test_attempts_end_in_the_dead_letter(self):
        self.partner.failures = [(503, {})] * 5
        message = self._queued("/fault/then-good", breaker_failures=0)
        self.send_tasks(message).max_attempts = 2
        for _attempt in range(2):
            self.make_due(message)
            self.run_tasks()
        self.assertEqual((message.state, message.exception_ids.code), ("failed", "http.server_error"))

    def test_a_refusal_names_place_expected_found_and_remedy(self):
        self.partner.failures = [(422, {}), (422, {})]
        messages = self._queued("/fault/then-good")
        messages += self.send(messages.flow_id)
        self.run_tasks()
        self.assertEqual(messages.mapped("state"), ["refused", "refused"])
        self.assertEqual(len(messages.exception_ids), 2, "each document is a cause of its own")
        exception = messages[0].exception_ids
        self.assertEqual((exception.code, exception.category), ("http.document_refused", "data"))
        self.assertIn("/fault/then-good", exception.location)
        self.assertEqual(exception.found, "422 Unprocessable Entity")
        self.assertTrue(exception.expected and exception.remedy)
        messages[0].action_send_again()
        self.run_tasks()
        self.assertEqual(messages[0].state, "sent")

    def test_an_open_circuit_keeps_messages_waiting_uncounted(self):
        message = self._queued()
        opened = GateState(circuit="open", failures=5, openings=1, open_until=time.time() + 60)
        gate = self.env["integration.gate"].create(
            {"endpoint_id": message.endpoint_id.id, "circuit": "open", "state": opened.as_dict()}
        )
        self.run_tasks()
        self.assertEqual((self.send_tasks(message).attempts, self.partner.seen), (0, []))
        self.assertIn("circuit", message.waits_because)
        gate.write({"circuit": "closed", "state": GateState().as_dict()})
        self.make_due(message)
        self.run_tasks()
        self.assertEqual(message.state, "sent")

    def test_a_copied_database_sends_nothing(self):
        message = self._queued()
        self.env["integration.instance"].search([]).instance_identifier = "of another place"
        self.run_tasks()
        self.assertEqual((message.state, self.partner.seen), ("queued", []))
