from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestOwnership(ConfigurationCase):
    def own(self, field_name=False, system=None, **values):
        return self.env["integration.ownership"].create(
            {
                "entity": "res.partner",
                "field_name": field_name,
                "system_id": system.id if system else False,
                **values,
            }
        )

    def refused(self, system=None):
        register = self.env["integration.ownership"].with_user(self.runner)
        return register._refused_fields(system or self.system, "res.partner", ["name", "vat"])

    def test_what_is_not_registered_may_be_written(self):
        self.own("email", self.other_system)
        self.assertEqual(self.refused(), set())

    def test_a_field_belongs_to_its_system(self):
        self.own("vat", self.other_system)
        self.assertEqual(self.refused(), {"vat"})
        self.assertEqual(self.refused(self.other_system), set())

    def test_an_entity_covers_its_fields_but_those_of_their_own(self):
        self.own(system=self.other_system)
        self.own("vat", self.system)
        self.assertEqual(self.refused(), {"name"})
        self.assertEqual(self.refused(self.other_system), {"vat"})

    def test_odoo_is_a_system_of_record(self):
        line = self.own("vat")
        self.assertEqual(self.refused(), {"vat"})
        self.assertEqual(line.owner_name, "Odoo")

    def test_the_register_of_another_company_does_not_count(self):
        self.own("vat", company_id=self.other_company.id)
        self.assertEqual(self.refused(), set())

    def test_a_field_is_registered_once(self):
        for field_name in ("vat", False):
            self.own(field_name)
            refused = self.assertRaises(IntegrityError)
            with self.subTest(field_name), mute_logger("odoo.sql_db"), refused, self.cr.savepoint():
                self.own(field_name, self.system)

    def test_a_field_must_exist(self):
        with self.assertRaisesRegex(ValidationError, "no_such_field"):
            self.own("no_such_field")
