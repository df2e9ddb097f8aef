from odoo.fields import Command
from odoo.tests import tagged

from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestReconciliation(ConfigurationCase):
    def reconcile(self, *figures):
        return self.env["integration.reconciliation"].create(
            {
                "name": "Monday",
                "line_ids": [
                    Command.create(
                        {"label": "Figure", "source_value": source, "odoo_value": odoo, "explanation": why}
                    )
                    for source, odoo, why in figures
                ],
            }
        )

    def test_nothing_compared_is_not_balanced(self):
        self.assertEqual(self.reconcile().state, "open")

    def test_equal_figures_balance(self):
        batch = self.reconcile((0.1 + 0.2, 0.3, False), (5, 5, False))
        self.assertEqual(batch.state, "balanced")
        self.assertEqual(batch.line_ids.mapped("is_different"), [False, False])

    def test_offsetting_differences_do_not_balance(self):
        batch = self.reconcile((10, 5, False), (5, 10, False))
        self.assertEqual(batch.difference_total, 0)
        self.assertEqual(batch.state, "open")

    def test_every_difference_needs_its_explanation(self):
        batch = self.reconcile((10, 5, "One claim is held"), (7, 8, False))
        self.assertEqual((batch.state, batch.difference_total), ("open", 4))
        batch.line_ids[1].explanation = "Interest"
        self.assertEqual(batch.state, "explained")
        batch.line_ids[0].odoo_value = 10
        batch.line_ids[1].odoo_value = 7
        self.assertEqual(batch.state, "balanced")

    def test_operators_explain(self):
        batch = self.reconcile((10, 5, False))
        batch.line_ids.with_user(self.user_with("group_operator")).explanation = "Held"
        self.assertEqual(batch.state, "explained")
