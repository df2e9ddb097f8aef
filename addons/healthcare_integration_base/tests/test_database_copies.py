import tempfile
from pathlib import Path

from odoo.tests import get_db_name, tagged

from ..errors import BusinessRuleError
from .database_copy_common import DatabaseCopyCase


@tagged("post_install", "-at_install")
class TestDatabaseCopies(DatabaseCopyCase):
    """What needs commits, done in real copies: a restored dump, and ``createdb -T`` of that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.restored = f"{get_db_name()}-restored"
        cls.copied = f"{get_db_name()}-copied"
        cls.addClassCleanup(cls._drop_database, cls.restored)
        cls.addClassCleanup(cls._drop_database, cls.copied)
        cls._restore_dump(get_db_name(), cls.restored)
        cls.outbox = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="copies-")))

    def test_copies_stay_silent_until_they_are_confirmed(self):
        with self._environment(self.restored) as env:
            endpoint = self._active_endpoint(env)
            message = self._queued_message(env, endpoint)
            self._assert_sends_nothing(env, message)
            self._assert_silent(env, endpoint)
            env["integration.instance"]._confirm_here()
            self.assertEqual(endpoint.state, "active")
            self.assertTrue(env["integration.instance"]._is_confirmed())
        self._forget_connections(self.restored)
        self._create_database(self.copied, template=self.restored)
        with self._environment(self.copied) as env:
            self._assert_sends_nothing(env, message.with_env(env))
            self._assert_silent(env, env["integration.endpoint"].search([("name", "=", "Copied")]))
            self._assert_sends_nothing(env, message.with_env(env))
        with self._environment(self.restored) as env:
            self.assertTrue(env["integration.instance"]._is_confirmed(), "the original goes on")
            self._run_lane(env, message.with_env(env))
            self.assertEqual(message.with_env(env).state, "sent")
            self.assertEqual([path.name for path in self.outbox.iterdir()], [message.with_env(env).file_name])

    def test_a_late_commit_is_sealed_later_and_nothing_is_lost(self):
        with self._environment(self.restored) as env:
            env["integration.keyring"]._keyring()
        with self._environment(self.restored) as late:
            late["integration.audit.entry"]._record("test.late")
            with self._environment(self.restored) as early:
                early["integration.audit.entry"]._record("test.early")
            with self._environment(self.restored) as sealer:
                sealer["integration.audit.seal"]._cron_seal()
                self.assertFalse(self._sealed(sealer, "test.early"), "an older transaction still runs")
                self.assertEqual(sealer["integration.audit.seal"]._verify(), [])
        with self._environment(self.restored) as sealer:
            sealer["integration.audit.seal"]._cron_seal()
            self.assertTrue(self._sealed(sealer, "test.late"))
            self.assertTrue(self._sealed(sealer, "test.early"))
            self.assertEqual(sealer["integration.audit.seal"]._verify(), [])
        with self._environment(self.restored) as auditor:
            self.assertEqual(
                auditor["integration.audit.seal"]._exported_head(), auditor["integration.audit.seal"]._head()
            )

    def _sealed(self, env, event):
        env.cr.execute(
            """
            SELECT bool_and(EXISTS (SELECT FROM integration_audit_seal seal
                                     WHERE seal.cluster = entry.cluster
                                       AND entry.transaction_id >= seal.first_transaction
                                       AND entry.transaction_id < seal.end_transaction))
              FROM integration_audit_entry entry WHERE event = %s
            """,
            (event,),
        )
        return env.cr.fetchone()[0]

    def _active_endpoint(self, env):
        system = env["integration.system"].create({"name": "Copied", "code": "COPIED", "state": "live"})
        return env["integration.endpoint"].create(
            {
                "name": "Copied",
                "system_id": system.id,
                "transport": "folder",
                "direction": "both",
                "base_path": str(self.outbox),
                "outbox_path": ".",
                "state": "active",
            }
        )

    def _queued_message(self, env, endpoint):
        document_type = env["integration.document.type"].create(
            {"name": "Copied", "code": "test.copied", "direction": "out", "format": "json"}
        )
        flow = env["integration.flow"].create(
            {
                "name": "Copied",
                "code": "copied",
                "system_id": endpoint.system_id.id,
                "endpoint_id": endpoint.id,
                "document_type_id": document_type.id,
                "user_id": env.ref("base.user_admin").id,
                "state": "live",
            }
        )
        return flow._send(env["res.partner"], documents={"order": 1})

    def _run_lane(self, env, message):
        """Run what is due, the sending of the message whatever it waits for."""
        message.task_ids.eta = env.cr.now()
        env.flush_all()
        env["integration.queue"]._cron_run_lane()
        env.invalidate_all()

    def _assert_sends_nothing(self, env, message):
        self._run_lane(env, message)
        self.assertEqual((message.state, list(self.outbox.iterdir())), ("queued", []))
        self.assertIn("copied or moved", message.waits_because)

    def _assert_silent(self, env, endpoint):
        self.assertEqual(endpoint.state, "active")
        self.assertFalse(env["integration.instance"]._is_confirmed())
        with self.assertRaises(BusinessRuleError) as caught:
            endpoint._transport()
        self.assertEqual(caught.exception.code, "instance.not_confirmed")
        env["integration.instance"]._cron_watch()
        self.assertEqual((endpoint.state, endpoint.suspension), ("suspended", "instance"))
