"""One record of every model in each of two companies, and what each role may do with it.

An addon's test names what it expects of its models and inherits :class:`AccessMatrixCase`; a model that it
does not name fails the test.
"""

from odoo.exceptions import AccessError

from .access_common import ROLES, AccessCase

LETTERS = {"r": "read", "w": "write", "c": "create", "d": "unlink"}
OWN_ROWS = "[('create_uid', '=', user.id)]"
EVERYBODY = {role: "r" for role in ROLES if role != "phi"}


def expected_rights(beyond_reading):
    """Return rights by role: all roles but ``phi`` read, some do more, e.g. ``{"manager": "wcd"}``."""
    return {role: "r" + beyond_reading.get(role, "") for role in EVERYBODY}


class AccessMatrixCase(AccessCase):
    #: the addon whose models are tested
    addon = ""
    #: values that an example needs beyond its required fields, by model name
    example_values = {}

    def suite_models(self):
        """Return the concrete models that the addon brings."""
        return [
            self.env[name]
            for name in sorted(self.registry)
            if self.registry[name]._original_module == self.addon and not self.registry[name]._abstract
        ]

    def example(self, model, company):
        """Return a record of a model in a company, made once, with what it must point to."""
        known = self.__dict__.setdefault("_examples", {})
        key = (model._name, company.id)
        if key not in known:
            special = getattr(self, "example_" + model._name.replace(".", "_"), None)
            known[key] = special(company) if special else self._created(model, company)
            self.assertEqual(len(known[key]), 1, f"an example of {model._name}")
        return known[key]

    def _created(self, model, company):
        values = {}
        for name, field in model._fields.items():
            is_given = (
                field.related or (field.compute and not field.store) or name in model._inherits.values()
            )
            if name == "company_id" and not field.related:
                values[name] = company.id
            elif field.required and not is_given and field.default is None:
                values[name] = self._value(field, company)
        values.update(self.example_values.get(model._name, {}))
        return model.with_company(company).create(values)

    def _value(self, field, company):
        if field.type == "many2one":
            comodel = self.env[field.comodel_name]
            if comodel._original_module.startswith("healthcare_integration_"):
                return self.example(comodel, company).id
            return comodel.search([], limit=1).id
        if field.type == "selection":
            return field.get_values(self.env)[0]
        plain = {
            "integer": 1,
            "many2one_reference": 1,
            "float": 1.0,
            "monetary": 1.0,
            "boolean": True,
            "date": "2026-01-01",
        }
        if field.type in plain:
            return plain[field.type]
        return self.env.cr.now() if field.type == "datetime" else f"{field.name} {company.id}"

    # === ASSERTIONS === #

    def assert_rights(self, expected, shared=()):
        """Fail unless each role may do what is expected with records of its company, and nothing with others.

        :param expected: ``{model name: {role: letters of r, w, c, d}}``, complete
        :param shared: names of the models whose records belong to all companies
        """
        models = [model for model in self.suite_models() if not model._transient]
        self.assertEqual({model._name for model in models}, set(expected), "models without expected rights")
        for model in models:
            own, other = self.example(model, self.company), self.example(model, self.other_company)
            for role in (*ROLES, "nobody"):
                letters = expected[model._name].get(role, "")
                self._assert_record(own, role, letters)
                if own != other:
                    self._assert_record(other, role, letters if model._name in shared else "")
                    self._assert_search(own + other, role, own if model._name not in shared else own + other)

    def _assert_record(self, record, role, letters):
        seen = self.as_user(record, role)
        for letter, operation in LETTERS.items():
            company = "own" if record == self.example(record.browse(), self.company) else "other"
            what = f"{role}: {operation} {record._name} of the {company} company"
            self.assertEqual(seen.has_access(operation), letter in letters, what)
        if "r" not in letters:
            with self.assertRaises(AccessError, msg=f"{role} reads {record._name}"):
                seen.read([])

    def _assert_search(self, records, role, visible):
        model = self.as_user(records.browse(), role).with_context(active_test=False)
        try:
            found = model.search([("id", "in", records.ids)])
        except AccessError:
            return
        self.assertEqual(set(found.ids), set(visible.ids), f"{role} searches {records._name}")

    def assert_wizards(self, expected):
        """Fail unless exactly these roles may open each wizard, and nobody those of others.

        :param expected: ``{model name: set of roles}``, complete
        """
        wizards = [model for model in self.suite_models() if model._transient]
        self.assertEqual({model._name for model in wizards}, set(expected), "wizards without expected roles")
        for model in wizards:
            for role in (*ROLES, "nobody"):
                may = self.as_user(model, role).has_access("create")
                self.assertEqual(may, role in expected[model._name], f"{role} opens {model._name}")
            rules = self.env["ir.rule"].search([("model_id.model", "=", model._name), ("groups", "=", False)])
            self.assertIn(OWN_ROWS, rules.mapped("domain_force"), f"{model._name} of others")
