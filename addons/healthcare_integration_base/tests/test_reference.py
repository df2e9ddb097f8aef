import contextlib

from psycopg2 import IntegrityError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from ..errors import BusinessRuleError
from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestReference(ConfigurationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.references = cls.env["integration.reference"].with_user(cls.runner)

    def test_what_is_remembered_is_found_with_the_rights_of_the_caller(self):
        self.references._remember(self.system, "payer", " 60054", self.partner)
        found = self.references._find(self.system, "payer", "60054 ")
        self.assertEqual(found, self.partner)
        self.assertEqual((found.env.uid, found.env.su), (self.runner.id, False))

    def test_keys_are_apart_by_system_and_kind(self):
        self.references._remember(self.system, "payer", "1", self.partner)
        self.assertIsNone(self.references._find(self.other_system, "payer", "1"))
        self.assertIsNone(self.references._find(self.system, "payee", "1"))

    def test_a_record_may_have_several_keys(self):
        self.references._remember_many(self.system, "payer", {"1": self.partner, "2": self.partner})
        self.assertEqual(
            self.references._find_many(self.system, "payer", ["1", "2", "3"]),
            {"1": self.partner, "2": self.partner},
        )

    def test_repeating_changes_nothing(self):
        for _repeat in range(2):
            self.references._remember(self.system, "payer", "1", self.partner)
        self.assertEqual(
            self.env["integration.reference"].search_count([("system_id", "=", self.system.id)]), 1
        )

    def test_a_key_that_names_another_record_is_a_conflict(self):
        self.references._remember(self.system, "payer", "1", self.partner)
        with self.assertRaises(BusinessRuleError) as caught:
            self.references._remember_many(self.system, "payer", {"1": self.other_partner, "2": self.partner})
        self.assertEqual((caught.exception.code, caught.exception.subject), ("reference.conflict", "payer:1"))
        self.assertNotIn("Payer One", str(caught.exception))
        self.assertIsNone(self.references._find(self.system, "payer", "2"))

    def test_a_key_of_a_deleted_record_is_free_again(self):
        self.references._remember(self.system, "payer", "1", self.partner)
        self.partner.unlink()
        self.assertIsNone(self.references._find(self.system, "payer", "1"))
        self.references._remember(self.system, "payer", "1", self.other_partner)
        self.assertEqual(self.references._find(self.system, "payer", "1"), self.other_partner)

    def test_a_reference_needs_a_key_and_one_record(self):
        for key, record in (
            ("  ", self.partner),
            ("1", self.partner.browse()),
            ("1", self.partner | self.other_partner),
        ):
            with self.subTest(key=key), self.assertRaises(ValueError):
                self.references._remember(self.system, "payer", key, record)

    def test_many_keys_cost_a_fixed_number_of_queries(self):
        partners = self.env["res.partner"].create([{"name": f"Payer {number}"} for number in range(50)])
        keys = {str(number): partner for number, partner in enumerate(partners)}
        self.references._find(self.system, "payer", "warm")
        with self.assertQueryCount(5):
            self.references._remember_many(self.system, "payer", keys)
            self.assertEqual(self.references._find_many(self.system, "payer", keys), keys)

    def test_a_key_entered_by_hand_is_unique_too(self):
        self.references._remember(self.system, "payer", "1", self.partner)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["integration.reference"].create(
                {
                    "system_id": self.system.id,
                    "kind": "payer",
                    "external_key": "1 ",
                    "res_model": "res.partner",
                    "res_id": self.other_partner.id,
                }
            )

    def test_the_name_shows_the_record_or_nothing(self):
        self.references._remember_many(self.system, "payer", {"1": self.partner, "2": self.other_partner})
        references = self.env["integration.reference"].search([("system_id", "=", self.system.id)])
        self.other_partner.unlink()
        self.assertEqual(references.mapped("name"), ["Payer One", False])


@tagged("post_install", "-at_install")
class TestReferenceConcurrency(BaseCase):
    """Two transactions remember the same key at the same time, on cursors of their own."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.environment() as env:
            self.system_id = env["integration.system"].create({"name": "Concurrent", "code": "CONCURRENT"}).id
            self.partner_ids = env["res.partner"].create([{"name": "First"}, {"name": "Second"}]).ids
        self.addCleanup(self.remove_records)

    @contextlib.contextmanager
    def environment(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def remove_records(self):
        with self.environment() as env:
            env["integration.system"].browse(self.system_id).unlink()
            env["res.partner"].browse(self.partner_ids).unlink()

    def remember(self, env, partner_id):
        system = env["integration.system"].browse(self.system_id)
        env["integration.reference"]._remember(system, "payer", "1", env["res.partner"].browse(partner_id))

    def test_the_later_transaction_fails_to_serialise_and_then_sees_the_conflict(self):
        first_id, second_id = self.partner_ids
        with self.environment() as late:
            late["integration.system"].browse(self.system_id).read(["name"])
            with self.environment() as early:
                self.remember(early, first_id)
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.remember(late, second_id)
            late.cr.rollback()
            with self.assertRaisesRegex(BusinessRuleError, "reference.conflict"):
                self.remember(late, second_id)
            late.cr.rollback()
        with self.environment() as env:
            reference = env["integration.reference"].search([("system_id", "=", self.system_id)])
            self.assertEqual(reference.res_id, first_id)
