import psycopg2

from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..errors import BusinessRuleError
from .access_common import ADDON, AccessCase


@tagged("post_install", "-at_install")
class TestInstance(AccessCase):
    def setUp(self):
        super().setUp()
        self.instance = self.env["integration.instance"].search([])
        self.endpoint.write({"state": "active"})

    def _watch(self):
        with self.enter_registry_test_mode():
            self.env.ref(f"{ADDON}.ir_cron_integration_instance").method_direct_trigger()
        self.env.invalidate_all()

    def test_where_it_was_confirmed_nothing_is_stopped(self):
        self.assertTrue(self.env["integration.instance"]._is_confirmed())
        self.assertEqual(self.instance.state, "confirmed")
        self._watch()
        self.assertEqual(self.endpoint.state, "active")

    def test_each_part_of_the_identity_counts(self):
        for name in ("database_uuid", "database_oid", "system_identifier", "instance_identifier"):
            value = self.instance[name]
            self.instance[name] = "elsewhere"
            self.assertFalse(self.env["integration.instance"]._is_confirmed(), name)
            self.assertEqual(self.instance.state, "moved")
            with self.assertRaises(BusinessRuleError) as caught:
                self.endpoint._transport()
            self.assertEqual(caught.exception.code, "instance.not_confirmed")
            self.instance[name] = value
        self.assertTrue(self.env["integration.instance"]._is_confirmed())

    def test_a_missing_file_counts_and_is_not_made_by_looking(self):
        path = self.env.cr.dbname
        self.patch(type(self.instance), "_instance_file", lambda self: f"/nonexistent/{path}")
        self.assertFalse(self.env["integration.instance"]._is_confirmed())

    def test_endpoints_stop_until_an_administrator_confirms(self):
        stopped_by_hand = self.other_endpoint
        stopped_by_hand._set_state("suspended", suspension="user")
        self.instance.database_oid = "1"
        self._watch()
        self.assertEqual((self.endpoint.state, self.endpoint.suspension), ("suspended", "instance"))
        self.assertIn("copied", self.endpoint.state_reason)
        self.as_user(self.instance, "administrator").action_confirm()
        self.env.invalidate_all()
        self.assertEqual((self.endpoint.state, self.endpoint.suspension), ("active", False))
        self.assertEqual(stopped_by_hand.state, "suspended")
        self.assertEqual(self.instance.confirmed_by_id, self.users["administrator"])
        self.assertTrue(self.entries("instance.confirmed"))

    def test_there_is_one_place(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self.instance.copy()

    def test_neutralized_databases_talk_to_nobody(self):
        self.credential.new_secret = "secret"
        task = self.env["integration.task"].create(
            {
                "description": "Send",
                "company_id": self.company.id,
                "user_id": self.env.uid,
                "model_name": "integration.endpoint",
                "method_name": "_poll",
                "max_attempts": 1,
            }
        )
        self.env.flush_all()
        for query in get_neutralization_queries([ADDON]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertEqual((self.endpoint.state, self.endpoint.suspension), ("suspended", "neutralized"))
        self.assertFalse(self.credential.is_set)
        self.assertFalse(self.env["integration.instance"]._is_confirmed())
        self.assertEqual(task.state, "cancelled")
        self.env.cr.execute(
            """
            SELECT count(*) FROM integration_credential
             WHERE secret_ciphertext IS NOT NULL OR passphrase_ciphertext IS NOT NULL
            """
        )
        self.assertEqual(self.env.cr.fetchone(), (0,))
        self.as_user(self.instance, "administrator").action_confirm()
        self.assertEqual(self.endpoint.state, "suspended", "confirming does not undo a neutralization")
