import datetime

from psycopg2.errors import SerializationFailure

from odoo.tests import get_db_name, tagged

from .database_copy_common import DatabaseCopyCase


@tagged("post_install", "-at_install")
class TestRetentionRace(DatabaseCopyCase):
    """A legal hold that is placed while a purge runs, in transactions of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = f"{get_db_name()}-retention"
        cls.addClassCleanup(cls._drop_database, cls.database)
        cls._restore_dump(get_db_name(), cls.database)
        with cls._environment(cls.database) as env:
            cls._create_due_message(env)

    @classmethod
    def _create_due_message(cls, env):
        values = {"name": "Retention", "code": "RETENTION", "state": "live", "data_class": "phi"}
        cls.system_id = env["integration.system"].create(values).id
        endpoint = env["integration.endpoint"].create(
            {"name": "Retention", "system_id": cls.system_id, "transport": "folder", "base_path": "/tmp"}
        )
        message = env["integration.message"]._receive(endpoint, "old.835", [b"payload"])
        closed_at = env.cr.now() - datetime.timedelta(days=31)
        tasks = env["integration.task"].search([("message_id", "=", message.id)])
        env["integration.queue"]._cancel(tasks)
        message.write({"state": "settled", "closed_at": closed_at})
        rule = env["integration.retention"].create({"data_class": "phi", "payload_days": 30})
        rule.action_activate()
        cls.message_id, cls.rule_id = message.id, rule.id

    def test_a_hold_that_is_committed_meanwhile_stops_the_purge(self):
        for model_name, record_id in (
            ("integration.message", self.message_id),
            ("integration.system", self.system_id),
        ):
            with self.subTest(held=model_name), self._environment(self.database) as purger:
                purger.cr.execute("SELECT 1")
                with self._environment(self.database) as holder:
                    holder[model_name].browse(record_id)._place_hold("Case 4711")
                with self.assertRaises(SerializationFailure):
                    self._purge(purger)
                purger.cr.rollback()
                self.assertEqual(self._purge(purger), 0, "it is seen now")
                purger.cr.commit()
                with self._environment(self.database) as holder:
                    holder[model_name].browse(record_id)._release_hold("Case closed")
        with self._environment(self.database) as purger:
            self.assertEqual(self._purge(purger), 1)

    def test_a_class_that_is_committed_meanwhile_stops_the_purge(self):
        with self._environment(self.database) as env:
            document_type = env["integration.document.type"].create({"name": "Plan", "code": "race"})
        for model_name, record_id, former in (
            ("integration.document.type", document_type.id, "none"),
            ("integration.system", self.system_id, "phi"),
        ):
            with self.subTest(changed=model_name), self._environment(self.database) as purger:
                purger.cr.execute("SELECT 1")
                self._classify(model_name, record_id, "bank")
                with self.assertRaises(SerializationFailure):
                    self._purge(purger)
                purger.cr.rollback()
                self._classify(model_name, record_id, former)

    def _classify(self, model_name, record_id, data_class):
        with self._environment(self.database) as env:
            env[model_name].browse(record_id).data_class = data_class

    def _purge(self, env):
        return env["integration.retention"].browse(self.rule_id)._purge_payloads()
