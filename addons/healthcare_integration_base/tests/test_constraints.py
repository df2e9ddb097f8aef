from odoo.tests import TransactionCase, tagged

SUITE = "healthcare_integration_"


@tagged("post_install", "-at_install")
class TestConstraints(TransactionCase):
    """Odoo only logs a constraint or index that it cannot create: what the models promise must be there."""

    def _declared(self):
        """Return ``[(model, name, definition)]`` of what the suite's installed addons declare."""
        declared = []
        for model_name in self.registry:
            model = self.env[model_name]
            if model._abstract or not model._auto:
                continue
            for table_object in model._table_objects.values():
                if (table_object._module or "").startswith(SUITE):
                    declared.append((model, table_object.full_name(model), type(table_object).__name__))
        return declared

    def test_constraints_and_indexes_exist(self):
        self.env.cr.execute(
            """
            SELECT conname, conrelid::regclass::text FROM pg_constraint
             UNION SELECT indexname, tablename FROM pg_indexes WHERE schemaname = current_schema
            """
        )
        existing = set(self.env.cr.fetchall())
        declared = self._declared()
        self.assertGreater(len(declared), 30)
        missing = [name for model, name, _kind in declared if (name, model._table) not in existing]
        self.assertFalse(missing)

    def test_unique_indexes_are_unique_and_valid(self):
        self.env.cr.execute(
            "SELECT relname, indisunique, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        )
        existing = {name: (unique, valid) for name, unique, valid in self.env.cr.fetchall()}
        unique = [name for _model, name, kind in self._declared() if kind == "UniqueIndex"]
        self.assertTrue(unique)
        for name in unique:
            self.assertEqual(existing[name], (True, True), name)

    def test_inverse_fields_are_indexed(self):
        """A one2many or a cascade over an unindexed column reads the whole table."""
        self.env.cr.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema")
        definitions = [definition for (definition,) in self.env.cr.fetchall()]
        for model_name in self.registry:
            model = self.env[model_name]
            if model._abstract or model._transient or not model._original_module.startswith(SUITE):
                continue
            for field in model._fields.values():
                if field.type != "one2many" or not field.store and field.compute or not field.inverse_name:
                    continue
                comodel = self.env[field.comodel_name]
                if not (comodel._original_module or "").startswith(SUITE):
                    continue
                start = f" ON public.{comodel._table} USING btree ({field.inverse_name}"
                self.assertTrue(any(start in text for text in definitions), f"{field}: {field.inverse_name}")
