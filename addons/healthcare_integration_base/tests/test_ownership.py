from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..errors import BusinessRuleError
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
        """Return which of two fields a flow of the system may not write."""
        register = self.env["integration.ownership"].with_user(self.runner)
        values = {"name": "Hospital", "vat": "1"}
        refused = set()
        for field_name, value in values.items():
            try:
                register._checked_values(system or self.system, "res.partner", {field_name: value})
            except BusinessRuleError:
                refused.add(field_name)
        return refused

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


@tagged("post_install", "-at_install")
class TestOwnershipCheck(ConfigurationCase):
    def check(self, values, **options):
        register = self.env["integration.ownership"].with_user(self.runner)
        return register._checked_values(self.system, "res.partner", values, **options)

    def own(self, policy, field_name="vat"):
        return self.env["integration.ownership"].create(
            {
                "entity": "res.partner",
                "field_name": field_name,
                "system_id": self.other_system.id,
                "policy": policy,
            }
        )

    def conflicts(self):
        return self.env["integration.exception"].search([("code", "=", "ownership.left_out")])

    def test_values_of_the_system_of_record_pass(self):
        self.assertEqual(self.check({"name": "A", "vat": "1"}), {"name": "A", "vat": "1"})

    def test_a_field_of_another_system_is_refused_by_its_name(self):
        self.own("refuse")
        with self.assertRaises(BusinessRuleError) as caught:
            self.check({"name": "A", "vat": "DE123"})
        error = caught.exception
        self.assertEqual((error.code, error.subject), ("ownership.refused", "res.partner.vat"))
        self.assertEqual(error.expected, "values of Payroll")
        self.assertNotIn("DE123", str(error))
        self.assertEqual(self.check({"name": "A"}), {"name": "A"})

    def test_a_field_is_left_out_and_reported_once(self):
        self.own("leave_out")
        for _ in range(2):
            self.assertEqual(self.check({"name": "A", "vat": "DE123"}), {"name": "A"})
        conflict = self.conflicts()
        self.assertEqual(len(conflict), 1)
        self.assertEqual((conflict.subject, conflict.system_id), ("res.partner.vat", self.system))

    def test_the_line_of_the_entity_counts_for_its_fields(self):
        self.own("leave_out", False)
        self.assertEqual(self.check({"name": "A", "vat": "1"}), {})
        self.assertEqual(len(self.conflicts()), 2)

    def test_a_value_that_the_record_has_already_is_no_conflict(self):
        self.own("refuse")
        self.partner.vat = "DE123"
        values = {"name": "A", "vat": "DE123"}
        self.assertEqual(self.check(values, record=self.partner), values)
        self.assertEqual(self.check({"vat": ""}, record=self.other_partner), {"vat": ""})
        with self.assertRaises(BusinessRuleError):
            self.check({"vat": "DE124"}, record=self.partner)

    def test_many_records_cost_one_query(self):
        self.own("leave_out")
        register = self.env["integration.ownership"]
        rows = [{"name": str(number)} for number in range(50)]
        register._checked_values_list(self.system, "res.partner", rows)
        with self.assertQueryCount(1):
            self.assertEqual(register._checked_values_list(self.system, "res.partner", rows), rows)
