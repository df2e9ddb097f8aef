from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .intake_common import IntakeCase, x12_file

ORDER = b'{"header": {"type": "order"}, "lines": [1]}'
RETURN = b'{"header": {"type": "return"}}'
INVOICE = b'<?xml version="1.0"?><n:Invoice xmlns:n="urn:x"><n:Total>1</n:Total></n:Invoice>'
PRICES = b"Item;Price\n1;2.50\n"
STOCK = b"Item;Place;Quantity\n1;A;3\n"


@tagged("post_install", "-at_install")
class TestMixedMailbox(IntakeCase):
    def setUp(self):
        super().setUp()
        self.route()
        self.flows = {"remittance": self.flow}
        self.take("orders", "json", content_path="/header/type", content_value="order")
        self.take("invoices", "xml", content_path="Invoice")
        self.take("prices", "csv", content_path="item, price")
        self.take("readings", "other", file_pattern="reading*.dat")

    def take(self, code, format_name, **criteria):
        """Make a live flow and route what meets the criteria to it."""
        document_type = self.env["integration.document.type"].create(
            {
                "name": code,
                "code": f"mixed.{code}",
                "format": format_name,
                "handler": "integration.handler",
            }
        )
        flow = self.flow.copy({"code": code, "name": code, "document_type_id": document_type.id})
        flow.action_approve()
        flow.action_go_live()
        kind = format_name if "content_path" in criteria else False
        self.flows[code] = flow
        return self.route(flow_id=flow.id, transaction_set=False, content_kind=kind, **criteria)

    def test_each_document_finds_its_flow(self):
        files = {
            "a.835": (x12_file([["BPR", "I", "1"]]), "remittance"),
            "b": (ORDER, "orders"),
            "c.txt": (INVOICE, "invoices"),
            "d.csv": (PRICES, "prices"),
            "reading-1.dat": (b"\0\1\2", "readings"),
        }
        for name, (content, _code) in files.items():
            self.mailbox.drop(name, content)
        self.look()
        self.assert_no_dead_task()
        taken = {}
        for message in self.messages():
            document = message.child_ids or message
            taken[message.file_name] = (document.flow_id.code, document.state)
        self.assertEqual(
            taken,
            {
                name: (code.replace("remittance", "intake"), "applied")
                for name, (_bytes, code) in files.items()
            },
        )
        documents = {document for _number, document, _user, _su in self.handled}
        self.assertLessEqual({ORDER, INVOICE, PRICES, b"\0\1\2"}, documents)

    def test_what_no_route_takes_waits_as_one_exception_for_each_kind(self):
        for name, content in {"r1": RETURN, "r2": RETURN + b" ", "s.csv": STOCK}.items():
            self.mailbox.drop(name, content)
        self.look()
        self.assertEqual(set(self.messages().mapped("state")), {"held"})
        exceptions = self.exceptions("route.not_found")
        self.assertEqual(sorted(exceptions.mapped("message_count")), [1, 2])
        self.assertEqual(sorted(exceptions.mapped("found")), ["CSV of 3 columns", "JSON"])
        self.take("returns", "json", content_path="/header/type", content_value="return")
        exceptions.filtered(lambda exception: exception.found == "JSON").action_resolve()
        self.run_tasks()
        self.assertEqual(
            {message.file_name: message.state for message in self.messages()},
            {"r1": "applied", "r2": "applied", "s.csv": "held"},
        )

    def test_a_damaged_document_of_a_known_name_reaches_its_flow(self):
        self.take("broken", "json", file_pattern="*.json")
        message = self.receive(self.mailbox, "x.json", b'{"header": ')
        self.assertEqual(message.flow_id, self.flows["broken"])

    def test_a_mailbox_of_x12_only_tells_what_is_wrong_with_other_files(self):
        self.endpoint.route_ids.filtered(lambda route: route.flow_id != self.flow).active = False
        message = self.receive(self.mailbox, "x.835", b"not X12")
        self.assertEqual(message.state, "held")
        self.assertTrue(message.exception_ids.code.startswith("x12."), message.exception_ids.code)

    def test_content_criteria_are_complete(self):
        for values in ({"content_kind": "json"}, {"content_path": "/a"}, {"content_value": "x"}):
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.route(transaction_set="1", **values)

    def test_the_route_with_content_wins_over_the_one_without(self):
        any_route = self.take("anything", "other")
        self.assertEqual(any_route.flow_id.code, "anything")
        message = self.receive(self.mailbox, "o.json", ORDER)
        self.assertEqual(message.flow_id, self.flows["orders"])
        self.assertEqual(self.receive(self.mailbox, "z", b"zzz").flow_id, self.flows["anything"])
