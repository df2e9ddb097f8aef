from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..errors import MappingError
from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestCrosswalk(ConfigurationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crosswalk = cls.create_crosswalk(" 60054 ")
        cls.line = cls.crosswalk.line_ids

    def test_a_code_stands_for_a_record_with_the_rights_of_the_caller(self):
        for code in ("60054", " 60054 ", 60054):
            self.assertEqual(self.crosswalk._lookup(code), self.partner)
        found = self.crosswalk.with_user(self.runner)._lookup("60054")
        self.assertEqual((found.env.uid, found.env.su), (self.runner.id, False))

    def test_a_code_stands_for_a_value(self):
        pay_codes = self.env["integration.crosswalk"].create(
            {
                "name": "Pay codes",
                "code": "pay",
                "system_id": self.system.id,
                "target": "value",
                "line_ids": [Command.create({"external_code": "REG", "value": "WORK100"})],
            }
        )
        self.assertEqual(pay_codes._lookup("REG"), "WORK100")

    def test_an_unknown_code_is_one_cause(self):
        with self.assertRaises(MappingError) as caught:
            self.crosswalk._lookup("99999")
        self.assertEqual(
            (caught.exception.code, caught.exception.subject, caught.exception.found),
            ("crosswalk.unknown_code", "payer:99999", "99999"),
        )
        self.assertIn("Payers", caught.exception.message)

    def test_codes_differ_by_case(self):
        self.line.external_code = "Ab"
        self.assertEqual(self.crosswalk._lookup("Ab"), self.partner)
        with self.assertRaises(MappingError):
            self.crosswalk._lookup("ab")

    def test_an_archived_code_is_unknown(self):
        self.line.active = False
        with self.assertRaisesRegex(MappingError, "unknown_code"):
            self.crosswalk._lookup("60054")

    def test_a_code_of_a_deleted_record_says_so(self):
        self.partner.unlink()
        with self.assertRaisesRegex(MappingError, "record_missing"):
            self.crosswalk._lookup("60054")

    def test_a_code_is_translated_once(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.line.create(
                {
                    "crosswalk_id": self.crosswalk.id,
                    "external_code": "60054 ",
                    "res_id": self.other_partner.id,
                }
            )

    def test_a_code_stands_for_something(self):
        with self.assertRaises(ValidationError):
            self.line.create({"crosswalk_id": self.crosswalk.id, "external_code": "1"})

    def test_records_need_their_kind(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["integration.crosswalk"].create(
                {"name": "No kind", "code": "none", "system_id": self.system.id, "target": "record"}
            )

    def test_operators_add_codes(self):
        operator = self.user_with("group_operator")
        self.line.with_user(operator).create(
            {"crosswalk_id": self.crosswalk.id, "external_code": "87726", "res_id": self.other_partner.id}
        )
        self.assertEqual(self.crosswalk._lookup("87726"), self.other_partner)
        self.assertEqual(self.crosswalk.line_count, 2)

    def test_only_business_models_are_offered(self):
        offered = dict(self.env["integration.crosswalk"]._selection_target_model())
        self.assertIn("res.partner", offered)
        self.assertFalse({"integration.message", "ir.model", "mail.message"} & set(offered))

    def test_the_count_stays_while_the_form_is_edited(self):
        with Form(self.crosswalk) as form:
            form.name = "Payers of the clearing house"
            self.assertEqual(form.line_count, 1)
            with form.line_ids.new() as line:
                line.external_code = "87726"
                line.res_id = self.other_partner.id
            self.assertEqual(form.line_count, 1)
        self.assertEqual(self.crosswalk.line_count, 2)
