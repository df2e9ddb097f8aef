import json

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from ..errors import BusinessRuleError
from .test_api import DOCUMENT, JSON, ORDERS, ApiCase


@tagged("post_install", "-at_install")
class TestPolicy(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phi = cls.env.ref("healthcare_integration_base.data_class_phi")
        cls.price = cls.env.ref("healthcare_integration_base.data_class_price")
        cls.documents = cls.new_document_type("claims", "json", data_class="phi")

    def prices_only(self, **values):
        """Return a mailbox that is cleared for contract prices."""
        return self.sandbox_endpoint(self.system, data_class_ids=self.price.ids, **values)

    def draft(self, **values):
        return self.env["integration.flow"].create(
            {
                "name": "Claims",
                "code": "claims",
                "system_id": self.system.id,
                "document_type_id": self.documents.id,
                "user_id": self.runner.id,
                **values,
            }
        )

    def test_health_data_is_not_approved_for_an_endpoint_of_prices(self):
        endpoint = self.prices_only().endpoint
        flow = self.draft(endpoint_id=endpoint.id)
        with self.assertRaisesRegex(UserError, "Health data"):
            flow.action_approve()
        flow.endpoint_id = False
        route = {"endpoint_id": endpoint.id, "flow_id": flow.id, "file_pattern": "*"}
        routes = self.env["integration.route"].create(route)
        with self.assertRaisesRegex(UserError, "Health data"):
            flow.action_approve()
        routes.unlink()
        flow.action_approve()
        with self.assertRaisesRegex(ValidationError, "Health data"):
            self.env["integration.route"].create(route)

    def test_what_arrives_where_it_must_not_is_held_until_a_person_decides(self):
        mailbox = self.prices_only()
        mailbox.endpoint.data_class_ids += self.phi
        flow = self.draft(code="claims-in")
        flow.action_approve()
        flow.action_go_live()
        self.env["integration.route"].create({"endpoint_id": mailbox.endpoint.id, "flow_id": flow.id})
        mailbox.endpoint.data_class_ids -= self.phi
        message = self.receive(mailbox, "claim.json", b'{"claim": 1}')
        self.assertEqual((message.state, self.handled), ("held", []))
        exception = message.exception_ids
        self.assertEqual(
            (exception.code, exception.category, exception.expected, exception.found),
            ("policy.data_class", "business", "Contract prices", "Health data"),
        )
        mailbox.endpoint.data_class_ids += self.phi
        exception.action_resolve()
        self.run_tasks()
        self.assertEqual(message.state, "applied")

    def test_a_client_sends_only_what_it_is_cleared_for(self):
        self.document_type.data_class = "phi"
        body = json.dumps(DOCUMENT).encode()
        self.assert_problem(self.request(ORDERS, body, JSON), 403, "client.data_class")
        self.assertFalse(self.messages())
        with self.assertRaisesRegex(ValidationError, "Health data"):
            self.client.data_class_ids = self.price
        self.client.data_class_ids = self.phi
        self.request(ORDERS, body, JSON, status=202)

    def test_a_client_reads_only_what_it_is_cleared_for(self):
        self.patch(type(self.env["integration.read.messages"]), "_read_data_class", "pay")
        response = self.get("/integration/api/v1/reads/messages")
        self.assert_problem(response, 403, "client.data_class")

    def outgoing(self, **values):
        self.documents.direction = "out"
        endpoint = self.prices_only(direction="both", outbox_path="inbox").endpoint
        endpoint.data_class_ids = [Command.set(self.phi.ids)]
        return self.draft(endpoint_id=endpoint.id, **values)

    def test_protected_documents_leave_by_a_field_list_only(self):
        flow = self.outgoing()
        with self.assertRaisesRegex(UserError, "as a whole"):
            flow.action_approve()
        flow.shared_fields = "claim\nlines.amount\n"
        flow.action_approve()
        document = {"claim": 1, "patient": "Alex Testcase", "lines": [{"amount": 2, "diagnosis": "x"}]}
        self.assertEqual(flow._shared_document(document), {"claim": 1, "lines": [{"amount": 2}]})
        with self.assertRaises(UserError):
            flow.shared_fields = "patient"

    def test_sending_is_refused_again_when_the_clearance_has_gone(self):
        flow = self.outgoing(shared_fields="claim")
        flow.action_approve()
        flow.endpoint_id.data_class_ids = self.price
        with self.assertRaises(BusinessRuleError) as caught:
            flow._shared_document({"claim": 1})
        self.assertEqual(caught.exception.code, "policy.data_class")

    def test_a_field_list_is_a_list_of_names(self):
        with self.assertRaises(ValidationError):
            self.outgoing(shared_fields="lines item")
