from odoo import models
from odoo.fields import Command
from odoo.orm.model_classes import add_to_registry
from odoo.tests import tagged

from .test_api import ApiCase

CITY = "Readville"


class PartnerRead(models.AbstractModel):
    """A read over records of Odoo, as a domain addon has it: without sudo()."""

    _module = None
    _name = "integration.read.partners.of.test"
    _inherit = ["integration.read"]
    _description = "Integration Read: Partners"

    _read_code = "partners"
    _read_title = "Partners of a city"
    _read_parameters = {"city": {"type": "string"}}
    _read_required = ("city",)
    _read_fields = {"number": {"type": "integer"}, "name": {"type": "string"}, "tax": {"type": "string"}}
    _read_key = "number"

    def _rows(self, parameters, limit, after):
        domain = [("city", "=", parameters["city"]), ("id", ">", int(after or 0))]
        return [
            {"number": partner.id, "name": partner.name, "tax": partner.vat or ""}
            for partner in self.env["res.partner"].search(domain, order="id", limit=limit)
        ]


@tagged("post_install", "-at_install")
class TestDomainRead(ApiCase):
    """A read is answered with the rights of the client's user, in the client's company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_read()
        cls.other_company = cls.env["res.company"].create({"name": "Hospital South"})
        cls.client_user.company_ids += cls.other_company
        companies = {"own": cls.env.company, "other": cls.other_company, "shared": cls.env["res.company"]}
        cls.partners = {
            name: cls.env["res.partner"].create(
                {"name": name, "city": CITY, "company_id": company.id, "vat": f"tax of {name}"}
            )
            for name, company in companies.items()
        }
        cls.client.read_ids = [Command.create({"code": "partners"})]

    @classmethod
    def _add_read(cls):
        """Make the read known for the length of the case, as an addon that is installed does."""
        add_to_registry(cls.registry, PartnerRead)
        cls.registry._setup_models__(cls.env.cr, [])

        def remove():
            del cls.registry[PartnerRead._name]
            for parent in ("base", "integration.read"):
                cls.registry[parent]._inherit_children.discard(PartnerRead._name)

        cls.addClassCleanup(remove)

    def ask(self, **options):
        return self.get(f"/integration/api/v1/reads/partners?city={CITY}", **options)

    def names(self, key=None):
        return {row["name"] for row in self.ask(status=200, key=key).json()["rows"]}

    def test_it_runs_as_the_client_and_never_with_all_rights(self):
        seen, rows = [], PartnerRead._rows

        def note(read, *arguments):
            seen.append((read.env.user, read.env.su, read.env.companies, read.env.company))
            return rows(read, *arguments)

        self.patch(self.registry[PartnerRead._name], "_rows", note)
        self.ask(status=200)
        self.assertEqual(seen, [(self.client_user, False, self.env.company, self.env.company)])

    def test_only_the_company_of_the_client_is_read_though_its_user_has_several(self):
        self.assertEqual(self.names(), {"own", "shared"})
        south = self.other_company
        user = self.integration_user("api-south")
        user.write({"company_ids": [Command.set(south.ids)], "company_id": south.id})
        client = self.env["integration.client"].create(
            {
                "name": "Warehouse of the South",
                "company_id": south.id,
                "user_id": user.id,
                "read_ids": [Command.create({"code": "partners"})],
            }
        )
        self.assertEqual(self.names(key=self.new_key(client)), {"other", "shared"})

    def test_record_rules_apply(self):
        self.env["ir.rule"].create(
            {
                "name": "Not the shared ones",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "groups": [Command.set(self.env.ref("base.group_user").ids)],
                "domain_force": "[('company_id', '!=', False)]",
            }
        )
        self.assertEqual(self.names(), {"own"})

    def test_a_field_that_the_user_may_not_see_is_not_told(self):
        self.assertIn("tax of own", self.ask(status=200).text)
        self.patch(self.registry["res.partner"]._fields["vat"], "groups", "base.group_system")
        self.assert_refused_without_a_row()

    def test_a_model_that_the_user_may_not_read_is_not_told(self):
        rights = self.env["ir.model.access"].search([("model_id.model", "=", "res.partner")])
        rights.perm_read = False
        self.assert_refused_without_a_row()

    def assert_refused_without_a_row(self):
        with self.assertLogs("odoo.addons.healthcare_integration_base.models.integration_read", "WARNING"):
            response = self.ask()
        self.assert_problem(response, 403, "read.forbidden")
        for text in ("own", "shared", "res.partner", "vat"):
            self.assertNotIn(text, response.text)
