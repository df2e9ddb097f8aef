import psycopg2

from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .access_common import AccessCase


@tagged("post_install", "-at_install")
class TestSystem(AccessCase):
    def test_the_life_of_a_system(self):
        with Form(self.as_user(self.env["integration.system"], "manager")) as form:
            form.name = "Bank"
            form.code = "BANK"
            form.category = "bank"
        system = form.record
        self.assertEqual((system.state, system.company_id), ("draft", self.company))
        for action, state in (
            ("action_approve", "approved"),
            ("action_go_live", "live"),
            ("action_suspend", "suspended"),
            ("action_go_live", "live"),
            ("action_retire", "retired"),
            ("action_reset_to_draft", "draft"),
        ):
            getattr(system, action)()
            self.assertEqual(system.state, state)
            self.assertTrue(self.entries(f"system.{state}", system))

    def test_states_are_not_skipped(self):
        manager = self.as_user(self.system, "manager")
        for action in ("action_approve", "action_go_live", "action_reset_to_draft"):
            with self.assertRaises(UserError, msg=action):
                getattr(manager, action)()

    def test_a_code_is_unique_in_its_company(self):
        self.other_system.copy({"code": "NORTH"})
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self.system.copy({"code": "NORTH"})

    def test_a_copy_is_a_draft_without_endpoints(self):
        copy = self.system.copy()
        self.assertEqual((copy.state, copy.endpoint_count), ("draft", 0))
        self.assertNotEqual(copy.code, self.system.code)

    def test_the_company_of_a_used_system_stays(self):
        with self.assertRaisesRegex(UserError, "company"):
            self.system.company_id = self.other_company
        self.system.copy().company_id = self.other_company

    def test_a_system_that_was_live_is_kept(self):
        with self.assertRaisesRegex(UserError, "retire"):
            self.system.copy({"state": "live"}).unlink()

    def test_smart_buttons_count_and_open_their_own(self):
        self.assertEqual(self.system.endpoint_count, 1)
        action = self.as_user(self.system, "viewer").action_open_endpoints()
        self.assertEqual(self.env["integration.endpoint"].search(action["domain"]), self.endpoint)
