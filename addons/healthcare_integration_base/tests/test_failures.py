import doctest

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from .. import failures
from ..errors import BusinessRuleError, DocumentError, TransientError


@tagged("post_install", "-at_install")
class TestFailures(BaseCase):
    def test_examples(self):
        results = doctest.testmod(failures)
        self.assertTrue(results.attempted)
        self.assertFalse(results.failed)

    def test_known_errors_stay_as_they_are(self):
        error = DocumentError("a.b", "Wrong")
        self.assertIs(failures.as_integration_error(error), error)

    def test_a_refusal_of_odoo_keeps_its_text(self):
        error = failures.as_integration_error(UserError("The period is locked."))
        self.assertIsInstance(error, BusinessRuleError)
        self.assertEqual((error.code, error.message), ("odoo.refused", "The period is locked."))

    def test_what_nobody_foresaw_shows_types_and_places_only(self):
        try:
            {}["Jane Doe"]
        except KeyError as missing:
            error = failures.as_integration_error(missing)
        self.assertIsInstance(error, TransientError)
        self.assertNotIn("Jane", str(error))
        self.assertIn("test_failures.py", error.subject)
