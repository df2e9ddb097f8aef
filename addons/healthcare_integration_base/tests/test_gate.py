"""The gate of an endpoint, on real connections: nothing here is undone by a rollback."""

import threading
import time

from odoo import fields
from odoo.tests import tagged

from ..errors import DocumentError, TransientError
from ..models.integration_gate import EndpointGate
from ..queue import PostponedTask
from ..transports import ConfigurationError
from ..transports.gate import GateRules, GateState
from .common import IntegrationCase

# of no endpoint that there is
ENDPOINT = 2_000_000_000


class Described:
    """What the gate asks of an endpoint."""

    id, display_name, transport = ENDPOINT, "Partner", "http"

    def __init__(self, **rules):
        self._rules = GateRules(**rules)

    def _gate_rules(self):
        return self._rules


@tagged("post_install", "-at_install")
class TestGate(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_committed)

    def _delete_committed(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM integration_gate WHERE endpoint_id = %s", (ENDPOINT,))

    def _gate(self, **rules):
        return EndpointGate(self.env["integration.gate"], Described(**rules))

    def _state(self):
        with self.registry.cursor() as cr:
            cr.execute("SELECT state FROM integration_gate WHERE endpoint_id = %s", (ENDPOINT,))
            return GateState.from_dict(cr.fetchone()[0])

    def _at_once(self, count, work):
        """Run ``work`` in so many threads at once; return what they return or raise."""
        results = []

        def noted():
            try:
                results.append(work())
            except Exception as error:
                results.append(error)

        threads = [threading.Thread(target=noted) for _number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(results), count)
        return results

    def test_workers_at_once_take_no_more_places_than_there_are(self):
        inside, most, lock = 0, 0, threading.Lock()

        def work():
            nonlocal inside, most
            gate = self._gate(concurrency=3)
            gate.enter()
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.3)
            with lock:
                inside -= 1
            gate.leave(None)

        results = self._at_once(8, work)
        refused = [result for result in results if isinstance(result, PostponedTask)]
        self.assertEqual((most, len(refused), results.count(None)), (3, 5, 3))
        self.assertFalse(self._state().places)

    def test_requests_at_once_are_counted_exactly(self):
        gates = [self._gate(rate=0.001, burst=30) for _worker in range(6)]

        def work():
            admitted, gate = 0, gates.pop()
            for _request in range(10):
                try:
                    gate.admit()
                    admitted += 1
                except PostponedTask:
                    continue
            return admitted

        self.assertEqual(sum(self._at_once(6, work)), 30)

    def test_failures_at_once_are_counted_exactly(self):
        gates = []
        for _worker in range(6):
            gates.append(self._gate(failures=100))
            gates[-1].enter()

        def work():
            gates.pop().leave(TransientError("http.timeout", "Away"))

        self._at_once(6, work)
        self.assertEqual((self._state().failures, len(self._state().places)), (6, 0))

    def test_one_of_many_tries_when_the_pause_is_over(self):
        self.env["integration.gate"]._change(
            ENDPOINT, lambda state, now: (GateState(circuit="open", openings=1, open_until=now - 1), None)
        )
        results = self._at_once(5, lambda: self._gate().enter())
        self.assertEqual(results.count(None), 1)
        self.assertEqual(self._state().circuit, "half_open")

    def test_a_short_wait_for_the_rate_is_waited(self):
        gate = self._gate(rate=5, burst=1)
        began = time.monotonic()
        for _request in range(3):
            gate.admit()
        self.assertGreater(time.monotonic() - began, 0.35)

    def test_what_counts_as_a_failure_of_the_partner(self):
        for error, failures in (
            (DocumentError("http.document_refused", "Wrong"), 0),
            (ConfigurationError("http.forbidden", "No"), 0),
            (TransientError("mailbox.file_gone", "Gone"), 0),
            (TransientError("http.rate_limited", "Slow"), 0),
            (PostponedTask("Later", 1), 0),
            (KeyError(), 0),
            (TransientError("http.server_error", "Broken"), 1),
        ):
            gate = self._gate()
            gate.enter()
            gate.leave(error)
            self.assertEqual(self._state().failures, failures, error)

    # === ON ENDPOINTS === #

    def _mailbox(self, **values):
        """Return an active SFTP endpoint to a port where nobody listens."""
        system = self.live_system()
        credential = self.env["integration.credential"].create(
            {"name": "Login", "system_id": system.id, "login": "payer"}
        )
        credential._set_secret("secret")
        endpoint = self.env["integration.endpoint"].create(
            {
                "name": "Mailbox",
                "system_id": system.id,
                "transport": "sftp",
                "host": "127.0.0.1",
                "port": 1,
                "credential_id": credential.id,
                **values,
            }
        )
        endpoint.state = "active"
        return endpoint

    def test_a_mailbox_that_does_not_answer_opens_its_circuit(self):
        endpoint = self._mailbox(breaker_failures=2)
        for _look in range(2):
            with self.assertRaises(TransientError):
                endpoint._poll()
        with self.assertRaises(PostponedTask):
            endpoint._poll()
        endpoint.action_reset_gate()
        with self.assertRaises(TransientError):
            endpoint._poll()
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM integration_gate WHERE endpoint_id = %s", (endpoint.id,))

    def test_the_queue_waits_while_the_circuit_is_open(self):
        endpoint = self._mailbox()
        until = fields.Datetime.now().timestamp() + 600
        self.env["integration.gate"].create(
            {
                "endpoint_id": endpoint.id,
                "circuit": "open",
                "state": GateState(circuit="open", failures=5, open_until=until).as_dict(),
            }
        )
        self.assertEqual((endpoint.circuit, endpoint.circuit_failures), ("open", 5))
        self.assertTrue(endpoint.gate_opens_at)
        self.assertIn(endpoint, endpoint.search([("circuit", "=", "open")]))
        self.assertNotIn(endpoint, endpoint.search([("circuit", "=", "closed")]))
        with self.trap_tasks() as trap:
            endpoint._queue_poll()
            self.run_tasks()
        task = trap.assert_enqueued("integration.endpoint", "_poll")
        self.assertEqual((task.state, task.attempts, endpoint.consecutive_errors), ("waiting", 0, 0))
        self.assertIn("circuit is open", task.error)
        with self.enter_registry_test_mode():
            endpoint.action_reset_gate()
        self.assertEqual((endpoint.circuit, endpoint.gate_opens_at), ("closed", False))
        endpoint.unlink()
        self.assertFalse(self.env["integration.gate"].search([("endpoint_id", "=", endpoint.id)]))

    def test_folders_have_no_gate(self):
        endpoint = self.sandbox_endpoint().endpoint
        self.assertNotIsInstance(endpoint._transport().gate, EndpointGate)
