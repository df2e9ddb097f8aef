from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestRoute(ConfigurationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls.create_endpoint()
        cls.flows = {code: cls.create_flow(code) for code in ("any", "remittance", "payer", "file")}

    def add_route(self, flow_code, **criteria):
        return self.env["integration.route"].create(
            {"endpoint_id": self.endpoint.id, "flow_id": self.flows[flow_code].id, **criteria}
        )

    def find(self, **payload):
        return self.env["integration.route"]._find_flow(self.endpoint, **payload).code

    def test_without_a_route_there_is_no_flow(self):
        self.assertFalse(self.find(transaction_set="835"))

    def test_an_empty_route_takes_everything(self):
        self.add_route("any")
        self.assertEqual(self.find(), "any")
        self.assertEqual(self.find(transaction_set="835", sender="A", receiver="B", file_name="x"), "any")

    def test_a_criterion_refuses_what_differs_or_is_missing(self):
        self.add_route("payer", transaction_set="835", sender="PAYER")
        self.assertEqual(self.find(transaction_set="835", sender="PAYER"), "payer")
        self.assertFalse(self.find(transaction_set="835", sender="OTHER"))
        self.assertFalse(self.find(transaction_set="835"))

    def test_of_one_sequence_the_more_specific_route_wins(self):
        self.add_route("any")
        self.add_route("payer", transaction_set="835", sender="PAYER")
        self.add_route("remittance", transaction_set="835")
        self.assertEqual(self.find(transaction_set="835", sender="PAYER"), "payer")
        self.assertEqual(self.find(transaction_set="835", sender="OTHER"), "remittance")
        self.assertEqual(self.find(transaction_set="999", sender="PAYER"), "any")

    def test_the_sequence_beats_specificity(self):
        self.add_route("payer", transaction_set="835", sender="PAYER", sequence=20)
        self.add_route("remittance", transaction_set="835", sequence=10)
        self.assertEqual(self.find(transaction_set="835", sender="PAYER"), "remittance")

    def test_padded_identifiers_match(self):
        route = self.add_route("payer", sender=" PAYER  ")
        self.assertEqual(route.sender, "PAYER")
        self.assertEqual(self.find(sender="PAYER          "), "payer")

    def test_file_patterns_match_the_whole_name_without_case(self):
        self.add_route("file", file_pattern="ERA_*.835")
        self.assertEqual(self.find(file_name="era_20260131.835"), "file")
        self.assertFalse(self.find(file_name="era_20260131.835.tmp"))
        self.assertFalse(self.find(file_name="old_era_1.835"))

    def test_archived_routes_and_retired_flows_take_nothing(self):
        route = self.add_route("remittance", transaction_set="835")
        self.add_route("any")
        route.active = False
        self.assertEqual(self.find(transaction_set="835"), "any")
        route.active = True
        self.flows["remittance"].state = "retired"
        self.assertEqual(self.find(transaction_set="835"), "any")

    def test_a_paused_flow_still_takes_its_payloads(self):
        self.add_route("remittance", transaction_set="835")
        self.flows["remittance"].state = "paused"
        self.assertEqual(self.find(transaction_set="835"), "remittance")

    def test_routes_of_another_endpoint_do_not_count(self):
        self.add_route("any")
        other = self.create_endpoint("Other mailbox")
        self.assertFalse(self.env["integration.route"]._find_flow(other))

    def test_a_user_without_a_role_finds_the_flow(self):
        self.add_route("any")
        routes = self.env["integration.route"].with_user(self.runner)
        flow = routes._find_flow(self.endpoint.with_user(self.runner))
        self.assertEqual(flow, self.flows["any"])
        self.assertFalse(flow.env.su)

    def test_equal_criteria_are_refused_among_active_routes(self):
        route = self.add_route("remittance", transaction_set="835")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.add_route("any", transaction_set="835", sender="")
        route.active = False
        self.env.flush_all()
        self.add_route("any", transaction_set="835")
