"""From each door through route, flow and mapping to the records: nothing in between is called by the test."""

import json

from odoo.tests import tagged

from .door_common import DoorClient
from .http_common import partner
from .mapping_common import WORKERS, MappingCase

PEOPLE = [
    {
        "at": "2026-04-01T08:00:00Z",
        "id": 1,
        "number": "1",
        "name": "Ann",
        "country": "US",
        "hired": "2026-01-31",
    },
    {
        "at": "2026-04-01T08:00:00Z",
        "id": 2,
        "number": "2",
        "name": "Bob",
        "country": "US",
        "hired": "2026-02-28",
    },
    {
        "at": "2026-04-01T08:00:00Z",
        "id": 3,
        "number": "3",
        "name": "Cid",
        "country": "US",
        "hired": "2026-03-31",
    },
]


@tagged("post_install", "-at_install")
class TestMappedIntake(DoorClient, MappingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_country(cls, "DE", "base.de")
        cls.json_type = cls.document_type.copy(
            {"name": "Workers in JSON", "code": "test.workers.json", "format": "json"}
        )
        cls.json_flow = cls.new_json_flow("workers-json")

    @classmethod
    def new_json_flow(cls, code, **values):
        mapping = cls.new_mapping(
            name=code, document_type_id=cls.json_type.id, record_format="json", column_ids=[], **values
        )
        mapping.action_activate()
        flow = cls.flow.copy(
            {"name": code, "code": code, "document_type_id": cls.json_type.id, "mapping_id": mapping.id}
        )
        flow.action_approve()
        flow.action_go_live()
        return flow

    def route(self, endpoint, flow, **criteria):
        return self.env["integration.route"].create(
            {"endpoint_id": endpoint.id, "flow_id": flow.id, **criteria}
        )

    def http_endpoint(self, server, **values):
        endpoint = self.env["integration.endpoint"].create(
            {
                "name": "Workers",
                "system_id": self.system.id,
                "transport": "http",
                "base_url": server.url,
                "plain_http_allowed": True,
                "allowed_networks": "127.0.0.1",
                "read_timeout": 2.0,
                "list_path": "/items",
                "pagination": "offset",
                "records_pointer": "/data",
                "size_parameter": "size",
                "page_size": 2,
                **values,
            }
        )
        endpoint.action_activate()
        return endpoint

    def look(self, endpoint):
        endpoint._queue_poll()
        self.run_tasks()

    def assert_applied(self, endpoint, flow, names):
        """Fail unless what came in by an endpoint was applied by a flow and is linked to its records."""
        self.assert_no_dead_task()
        messages = self.messages(endpoint)
        self.assertEqual(set(messages.mapped("state")), {"applied"})
        self.assertEqual(messages.flow_id, flow)
        partners = self.env["res.partner"].browse(messages.link_ids.mapped("res_id"))
        self.assertEqual(sorted(partners.mapped("name")), names)
        self.assertEqual(
            {(user, is_superuser) for _documents, user, is_superuser in self.batches}, {(self.runner, False)}
        )

    # === HTTP === #

    def test_each_record_of_a_collection_by_the_default_route(self):
        with partner() as server:
            server.records += PEOPLE
            endpoint = self.http_endpoint(server, payload_unit="record")
            self.route(endpoint, self.json_flow)
            self.look(endpoint)
        self.assertEqual(len(self.messages(endpoint)), 3)
        self.assert_applied(endpoint, self.json_flow, ["Ann", "Bob", "Cid"])

    def test_pages_of_a_collection_by_their_content(self):
        flow = self.new_json_flow("pages", record_path="data")
        with partner() as server:
            server.records += PEOPLE
            endpoint = self.http_endpoint(server, payload_unit="page")
            self.route(endpoint, self.json_flow, content_kind="json", content_path="/number", sequence=1)
            self.route(endpoint, flow, content_kind="json", content_path="/data", sequence=2)
            self.look(endpoint)
        self.assertEqual(len(self.messages(endpoint)), 2)
        self.assert_applied(endpoint, flow, ["Ann", "Bob", "Cid"])

    def test_a_collection_without_a_route_waits_for_one(self):
        with partner() as server:
            server.records += PEOPLE[:1]
            endpoint = self.http_endpoint(server, payload_unit="record")
            self.look(endpoint)
        message = self.messages(endpoint)
        self.assertEqual((message.state, message.exception_ids.code), ("held", "route.not_found"))
        self.route(endpoint, self.json_flow)
        message.action_reprocess()
        self.run_tasks()
        self.assertEqual(message.state, "applied")

    # === FOLDER === #

    def test_a_file_of_csv_in_a_folder(self):
        mailbox = self.sandbox_endpoint(self.system)
        self.route(mailbox.endpoint, self.flow, content_kind="csv", content_path="number, name")
        mailbox.drop("workers.csv", WORKERS)
        self.look(mailbox.endpoint)
        self.assert_applied(mailbox.endpoint, self.flow, ["Ann", "Bob"])
        self.assertEqual((mailbox.waiting(), mailbox.archived()), ([], ["workers.csv"]))

    # === WEBHOOK === #

    def test_a_webhook_of_json(self):
        endpoint = self.new_webhook()
        self.route(endpoint, self.json_flow)
        response = self.deliver(endpoint, json.dumps(PEOPLE[0]).encode(), status=202)
        self.run_tasks()
        self.assertEqual(self.messages(endpoint).uuid, response.json()["id"])
        self.assert_applied(endpoint, self.json_flow, ["Ann"])
