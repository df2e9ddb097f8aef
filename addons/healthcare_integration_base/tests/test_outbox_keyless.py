from unittest.mock import patch

from psycopg2.errors import CheckViolation, SerializationFailure

from odoo.tests import get_db_name, tagged
from odoo.tools import mute_logger

from ..models.integration_lease import LEASE_SECONDS
from .database_copy_common import DatabaseCopyCase
from .http_common import HttpCase, partner
from .outbox_common import DOCUMENT, OutboxMixin


@tagged("post_install", "-at_install")
class TestOutboxKeyless(OutboxMixin, HttpCase):
    """A POST to a partner that recognises no repeats: it is never repeated without a person."""

    def _queued(self, path="/documents", **values):
        endpoint = self.http_endpoint(
            send_path=path, request_attempts=1, idempotency_header=False, breaker_failures=0, **values
        )
        return self.send(self.sending_flow(endpoint))

    def _mark(self, message):
        """Leave the task as a worker does that is killed between the bytes and the commit."""
        self.env["integration.task.progress"].create(
            {"task_id": self.send_tasks(message).id, "handed_over_at": self.env.cr.now()}
        )

    def test_what_was_cut_off_asks_a_person_who_then_decides(self):
        message = self._queued()
        self._mark(message)
        self.run_tasks()
        exception = message.exception_ids
        self.assertEqual((message.state, self.partner.seen), ("failed", []))
        self.assertEqual((exception.code, exception.subject), ("http.outcome_unknown", message.uuid))
        exception.action_resolve()
        self.run_tasks()
        self.assertEqual((message.state, len(self.partner.seen)), ("sent", 1))

    def test_a_mark_outlives_other_failures(self):
        message = self._queued()
        self._mark(message)
        task = self.send_tasks(message)
        task.write({"state": "dead", "error_code": "task.worker_lost"})
        message.state = "failed"
        self.env.invalidate_all()
        message.action_send_again()
        self.run_tasks()
        self.assertEqual((message.state, self.partner.seen), ("failed", []))
        self.assertEqual(task.error_code, "http.outcome_unknown")

    def test_what_has_not_arrived_is_tried_again(self):
        self.partner.failures = [(503, {})]
        message = self._queued("/fault/then-good")
        self.run_tasks()
        self.assertEqual((message.state, self.send_tasks(message).state), ("queued", "waiting"))
        self.make_due(message)
        self.run_tasks()
        self.assertEqual((message.state, len(self.partner.seen)), ("sent", 2))

    def test_each_document_of_unknown_outcome_is_a_cause_of_its_own(self):
        self.partner.failures = [(500, {}), (500, {})]
        messages = self._queued("/fault/then-good")
        messages += self.send(messages.flow_id)
        self.run_tasks()
        self.assertEqual(set(messages.exception_ids.mapped("code")), {"http.outcome_unknown"})
        self.assertEqual(set(messages.exception_ids.mapped("subject")), set(messages.mapped("uuid")))

    def test_an_endpoint_that_refuses_us_refuses_no_document(self):
        self.partner.failures = [(403, {})]
        message = self._queued("/fault/then-good")
        self.run_tasks()
        self.assertEqual((message.state, message.exception_ids.code), ("failed", "http.forbidden"))

    def test_a_sending_ends_before_its_claim(self):
        endpoint = self.http_endpoint(send_path="/documents", total_timeout=840)
        self.assertGreaterEqual(LEASE_SECONDS - endpoint.total_timeout, 60)
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            endpoint.total_timeout = 841
            self.env.flush_all()


@tagged("post_install", "-at_install")
class TestOutboxConflict(DatabaseCopyCase):
    """A transaction that is undone after the bytes have left, with commits of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = f"{get_db_name()}-outbox"
        cls.addClassCleanup(cls._drop_database, cls.database)
        cls._restore_dump(get_db_name(), cls.database)

    def setUp(self):
        super().setUp()
        self.partner = self.enterContext(partner())

    def _queue_keyless(self, env):
        env["integration.instance"]._confirm_here()
        system = env["integration.system"].create(
            {"name": "Outbox", "code": "OUTBOX", "category": "clearing_house", "state": "live"}
        )
        endpoint = env["integration.endpoint"].create(
            {
                "name": "Outbox",
                "system_id": system.id,
                "transport": "http",
                "direction": "out",
                "base_url": self.partner.url,
                "plain_http_allowed": True,
                "allowed_networks": "127.0.0.1",
                "send_path": "/documents",
                "idempotency_header": False,
            }
        )
        endpoint.action_activate()
        document_type = env["integration.document.type"].create(
            {"name": "Orders", "code": "outbox", "direction": "out", "format": "json", "data_class": "none"}
        )
        flow = env["integration.flow"].create(
            {
                "name": "Orders",
                "code": "outbox",
                "system_id": system.id,
                "endpoint_id": endpoint.id,
                "document_type_id": document_type.id,
                "user_id": env.ref("base.user_admin").id,
            }
        )
        flow.action_approve()
        flow.action_go_live()
        message = flow._send(env["res.partner"].browse(), documents=DOCUMENT)
        env.cr.commit()
        return message

    def test_a_conflict_after_the_bytes_is_no_second_document(self):
        with self._environment(self.database) as env:
            message = self._queue_keyless(env)
            conflict = patch.object(type(message), "_note_sent", side_effect=[SerializationFailure(), None])
            with conflict as note_sent:
                env["integration.queue"]._cron_run_lane()
            env.invalidate_all()
            self.assertEqual(note_sent.call_count, 1)
            self.assertEqual(len(self.partner.documents), 1)
            self.assertEqual((message.state, message.exception_ids.code), ("failed", "http.outcome_unknown"))
