"""What the tests of the doors in share: a server that answers, a live flow of JSON, a signed webhook."""

import json
import time
from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.sql_db import Cursor
from odoo.tests import HttpCase

from ..doors.signature import SignatureProfile
from .common import IntegrationCase

SECRET = "a secret of the partner"
HARMLESS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "WITH RECURSIVE")


class DoorClient(HttpCase, IntegrationCase):
    """A partner that signs what it sends to webhooks; a subclass has the ``system``."""

    def new_webhook(self, secret=SECRET, **values):
        """Return an active webhook endpoint whose credential holds the secret."""
        credential = self.env["integration.credential"].create(
            {"name": "Signing", "system_id": self.system.id, "kind": "signing"}
        )
        credential._set_secret(secret)
        endpoint = self.env["integration.endpoint"].create(
            {
                "name": "Events",
                "system_id": self.system.id,
                "transport": "webhook",
                "credential_id": credential.id,
                **values,
            }
        )
        endpoint.action_activate()
        return endpoint

    def call(self, path, body=b"", headers=None, method="POST", status=None):
        """Send raw bytes and return the response; fail when the status is another than expected."""
        self.env.flush_all()
        response = self.opener.request(
            method, self.base_url() + path, data=body, headers=headers or {}, allow_redirects=False
        )
        self.env.invalidate_all()
        if status is not None:
            self.assertEqual(response.status_code, status, response.text)
        return response

    def deliver(self, endpoint, body, secret=SECRET, timestamp=None, event="", status=None, **headers):
        """Send a signed event to a webhook."""
        signed = self.profile_of(endpoint).sign(secret, body, timestamp or int(time.time()), event)
        return self.call(
            f"/integration/webhook/{endpoint.webhook_token}",
            body,
            {"Content-Type": "application/json", **signed, **headers},
            status=status,
        )

    @staticmethod
    def profile_of(endpoint):
        return SignatureProfile(
            endpoint.webhook_signature_header,
            endpoint.webhook_timestamp_header or "",
            endpoint.webhook_event_header or "",
            endpoint.webhook_prefix or "",
            endpoint.webhook_encoding,
            endpoint.webhook_window_seconds,
        )

    @contextmanager
    def recorded_statements(self):
        """Yield the list of the statements that the block sends to PostgreSQL."""
        statements, execute = [], Cursor.execute

        def record(cursor, query, *arguments, **options):
            statements.append(str(getattr(query, "code", query)).strip())
            return execute(cursor, query, *arguments, **options)

        self.env.flush_all()
        with patch.object(Cursor, "execute", record):
            yield statements

    @contextmanager
    def assert_nothing_written(self):
        """Fail if a statement within the block is more than a reading, whatever becomes of it."""
        with self.recorded_statements() as statements:
            yield statements
        writing = [text for text in statements if not text.upper().startswith(HARMLESS)]
        locking = [text for text in statements if " FOR UPDATE" in text.upper() or "NEXTVAL" in text.upper()]
        self.assertEqual(writing + locking, [])

    def run_tasks(self):
        """Run what is due; a case with a server is in test mode already."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["integration.queue"]._cron_run_lane()
        self.env.invalidate_all()

    def messages(self, endpoint=None):
        domain = [("endpoint_id", "=", endpoint.id)] if endpoint else []
        return self.env["integration.message"].search(domain, order="id")

    @staticmethod
    def json_bytes(**values):
        return json.dumps(values).encode()


class DoorCase(DoorClient):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.live_system()
        cls.runner = cls.integration_user("door-runner")
        cls.handled = []
        cls.document_type = cls.new_document_type("orders", "json")
        cls.flow = cls.new_flow("orders", cls.document_type)

    def setUp(self):
        super().setUp()
        self.handled.clear()
        steps = {
            "_parse": lambda handler, message: message._payload(),
            "_plan": lambda handler, message, document: document,
            "_apply": lambda handler, message, plan: self._apply(handler, message, plan),
        }
        for name, step in steps.items():
            patcher = patch.object(self.registry["integration.handler"], name, step)
            patcher.start()
            self.addCleanup(patcher.stop)

    def _apply(self, handler, message, plan):
        self.handled.append((message.flow_id.code, plan, handler.env.user))
        return handler.env["res.partner"]

    @classmethod
    def new_document_type(cls, code, format_name, **values):
        return cls.env["integration.document.type"].create(
            {
                "name": code.title(),
                "code": f"test.{code}",
                "format": format_name,
                "handler": "integration.handler",
                **values,
            }
        )

    @classmethod
    def new_flow(cls, code, document_type, **values):
        flow = cls.env["integration.flow"].create(
            {
                "name": code.title(),
                "code": code,
                "system_id": cls.system.id,
                "document_type_id": document_type.id,
                "user_id": cls.runner.id,
                **values,
            }
        )
        flow.action_approve()
        flow.action_go_live()
        return flow
