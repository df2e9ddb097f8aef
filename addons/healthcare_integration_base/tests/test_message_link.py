from odoo.tests import tagged

from .common import IntegrationCase


@tagged("post_install", "-at_install")
class TestMessageLink(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.message = self.env["integration.message"].create({"company_id": self.env.company.id})
        self.partners = self.env["res.partner"].create([{"name": f"Linked {n}"} for n in range(50)])
        self.env.flush_all()

    def link(self, records, role=""):
        self.env["integration.message.link"]._link(self.message, records, role)

    def test_many_records_are_linked_with_one_statement(self):
        self.message.company_id  # noqa: B018 (what the statement names is in the cache)
        with self.assertQueryCount(1):
            self.link(self.partners, "payer")
        links = self.message.link_ids
        self.assertEqual(sorted(links.mapped("res_id")), self.partners.ids)
        self.assertEqual(set(links.mapped("res_model")), {"res.partner"})
        self.assertEqual((set(links.mapped("role")), links.company_id), ({"payer"}, self.env.company))

    def test_links_that_exist_stay(self):
        self.link(self.partners[:2], "first")
        self.link(self.partners[:3], "second")
        self.assertEqual(self.message.link_ids.mapped("role"), ["first", "first", "second"])

    def test_a_link_names_the_records_that_its_reader_may_see(self):
        parameter = self.env["ir.config_parameter"].create({"key": "test.linked", "value": "1"})
        self.link(self.partners[:1])
        self.link(parameter)
        gone = self.partners[1:2]
        self.link(gone)
        gone.unlink()
        links = self.message.link_ids.with_user(self.integration_user("vera", "viewer"))
        names = dict(zip(links.mapped("res_id"), links.mapped("display_name"), strict=True))
        self.assertEqual(names[self.partners[0].id], "Linked 0")
        self.assertEqual(names[parameter.id], f"System Parameter {parameter.id}")
        self.assertEqual(names[gone.id], f"Contact {gone.id}")

    def test_no_record_is_no_link(self):
        self.link(self.partners.browse())
        self.assertFalse(self.message.link_ids)
