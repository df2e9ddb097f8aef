from odoo import models
from odoo.tests import tagged

from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestConstraints(ConfigurationCase):
    def test_every_declared_constraint_and_index_is_in_the_database(self):
        """Odoo only logs a constraint that it cannot create and goes on, so its absence would stay unseen."""
        self.env.cr.execute("SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class")
        existing = {name for (name,) in self.env.cr.fetchall()}
        declared = {
            table_object.full_name(model): table_object
            for name, model in self.env.items()
            if name.startswith("integration.") and model._auto and not model._abstract
            for table_object in model._table_objects.values()
        }
        self.assertTrue(any(isinstance(one, models.UniqueIndex) for one in declared.values()))
        self.assertFalse(set(declared) - existing)
