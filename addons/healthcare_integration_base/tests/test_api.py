import hashlib
import json
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import config, mute_logger

from ..doors.json_document import complaints
from .door_common import DoorCase

SCHEMA = {
    "type": "object",
    "required": ["order", "lines"],
    "additionalProperties": False,
    "properties": {
        "order": {"type": "integer"},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"item": {"type": "string"}}}},
    },
}
DOCUMENT = {"order": 1, "lines": [{"item": "gloves"}]}
JSON = {"Content-Type": "application/json"}
ORDERS = "/integration/api/v1/messages/orders"


class ApiCase(DoorCase):
    # A request is counted by a cursor of its own, which tests do not open beside a read-only one.
    _registry_readonly_enabled = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document_type.json_schema = json.dumps(SCHEMA)
        cls.client_user = cls.integration_user("api-client")
        cls.client = cls.env["integration.client"].create(
            {
                "name": "Warehouse",
                "user_id": cls.client_user.id,
                "flow_ids": [Command.set(cls.flow.ids)],
                "read_ids": [Command.create({"code": "messages", "row_limit": 2})],
            }
        )
        cls.key = cls.new_key(cls.client)

    @classmethod
    def new_key(cls, client, scope="integration"):
        keys = cls.env["res.users.apikeys"].with_user(client.user_id).sudo()
        return keys._generate(scope, "test", None)

    def request(self, path, body=b"", headers=None, method="POST", status=None, key=None):
        headers = {"Authorization": f"Bearer {key or self.key}", **(headers or {})}
        return self.call(path, body, headers, method, status)

    def send(self, document=None, status=None, path=ORDERS, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request(
            path, json.dumps(DOCUMENT if document is None else document).encode(), {**JSON, **named},
            status=status,
        )  # fmt: skip

    def get(self, path, status=None, **options):
        return self.request(path, method="GET", status=status, **options)

    def assert_problem(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"], "application/problem+json")
        problem = response.json()
        self.assertEqual((problem["status"], problem["code"]), (status, code))
        return problem


@tagged("post_install", "-at_install")
class TestApiAuthentication(ApiCase):
    def test_a_key_of_the_scope_opens_this_and_nothing_else(self):
        self.send(status=202)
        with mute_logger("odoo.http"):
            response = self.request("/json/2/res.partner/search", b'{"domain": []}', JSON)
        self.assertEqual(response.status_code, 401)

    def test_who_is_unknown_writes_nothing(self):
        rpc_key = self.new_key(self.client, "rpc")
        any_key = self.new_key(self.client, None)
        attempts = {
            "nothing": {},
            "an empty key": {"Authorization": "Bearer "},
            "another kind": {"Authorization": "Basic YTpi"},
            "no key": {"Authorization": "Bearer none"},
            "a changed key": {"Authorization": f"Bearer {self.key[:-1]}x"},
            "a key of another scope": {"Authorization": f"Bearer {rpc_key}"},
            "a key that opens all": {"Authorization": f"Bearer {any_key}"},
            "a certificate without a proxy": {"X-Client-Certificate": "ab" * 32},
        }
        for name, headers in attempts.items():
            with self.subTest(name), self.assert_nothing_written():
                response = self.call(ORDERS, json.dumps(DOCUMENT).encode(), {**JSON, **headers})
            self.assert_problem(response, 401, "client.unknown")
            self.assertIn("Bearer", response.headers["WWW-Authenticate"])
        self.assertFalse(self.messages())

    def test_archived_clients_and_switched_off_kinds_are_refused(self):
        self.client.allows_key = False
        self.assert_problem(self.send(), 401, "client.unknown")
        self.client.write({"allows_key": True, "active": False})
        self.assert_problem(self.send(), 401, "client.unknown")

    def test_a_user_that_became_an_administrator_lets_nobody_in(self):
        for group in ("base.group_erp_manager", "base.group_system"):
            self.client.user_id.group_ids = self.env.ref("base.group_user") + self.env.ref(group)
            self.assert_problem(self.send(), 401, "client.unknown")

    def test_a_certificate_counts_from_a_trusted_proxy_only(self):
        fingerprint = hashlib.sha256(b"0certificate").hexdigest()
        self.client.write(
            {"allows_certificate": True, "certificate_fingerprint": fingerprint.upper(), "allows_key": False}
        )
        options = {
            "proxy_mode": True,
            "healthcare_integration_certificate_header": "X-Client-Certificate",
            "healthcare_integration_proxy_secret": "the secret of the proxy",
        }
        headers = {
            "X-Client-Certificate": fingerprint,
            "X-Integration-Proxy-Secret": "the secret of the proxy",
        }

        def answer(options, headers):
            with patch.dict(config.options, options):
                return self.call(ORDERS, json.dumps(DOCUMENT).encode(), {**JSON, **headers}).status_code

        self.assertEqual(answer(options, headers), 202)
        self.assertEqual(answer(options, {**headers, "X-Integration-Proxy-Secret": "another"}), 401)
        self.assertEqual(answer(options, {**headers, "X-Client-Certificate": "cd" * 32}), 401)
        self.assertEqual(answer({**options, "proxy_mode": False}, headers), 401)
        self.assertEqual(answer({**options, "healthcare_integration_proxy_secret": ""}, headers), 401)
        by_address = {**options, "healthcare_integration_proxy_secret": ""}
        by_address["healthcare_integration_proxy_addresses"] = "192.0.2.1, 127.0.0.1"
        self.assertEqual(answer(by_address, headers), 202)
        by_address["healthcare_integration_proxy_addresses"] = "192.0.2.1"
        self.assertEqual(answer(by_address, headers), 401)
        self.client.user_id.active = False
        self.assertEqual(answer(options, headers), 401)

    def test_only_a_secrets_officer_makes_and_removes_keys(self):
        manager = self.integration_user("api-manager", "manager")
        officer = self.integration_user("api-officer", "secrets_officer")
        for action in ("action_new_key", "action_remove_keys"):
            with self.assertRaises(AccessError):
                getattr(self.client.with_user(manager), action)()
        key = self.client.with_user(officer).action_new_key()["context"]["default_key"]
        self.request(ORDERS, json.dumps(DOCUMENT).encode(), JSON, status=202, key=key)
        self.client.with_user(officer).action_remove_keys()
        self.assert_problem(self.get(f"{ORDERS}x", key=key), 401, "client.unknown")

    def test_a_client_does_not_act_as_an_administrator(self):
        with self.assertRaises(ValidationError):
            self.client.user_id = self.env.ref("base.user_admin")

    def test_who_calls_too_often_is_told_when_to_come_back(self):
        self.client.write({"rate_per_minute": 6, "burst": 2})
        self.send(status=202)
        self.send({"order": 2, "lines": []}, status=202)
        response = self.send({"order": 3, "lines": []})
        self.assert_problem(response, 429, "client.rate")
        self.assertIn(int(response.headers["Retry-After"]), range(8, 12))
        self.assertTrue(self.client.last_used_at)
        self.env.cr.execute(
            "UPDATE integration_client_bucket SET refilled_at = refilled_at - interval '11 seconds'"
        )
        self.send({"order": 3, "lines": []}, status=202)
        self.assert_problem(self.send({"order": 4, "lines": []}), 429, "client.rate")


@tagged("post_install", "-at_install")
class TestApiMessages(ApiCase):
    def test_a_document_is_taken_in_and_its_state_is_told(self):
        answer = self.send(status=202).json()
        message = self.messages()
        self.assertEqual(message.uuid, answer["id"])
        self.assertEqual((message.flow_id, message.client_id), (self.flow, self.client))
        self.assertEqual(json.loads(message._payload()), DOCUMENT)
        status = self.get(answer["status_url"], status=200).json()
        self.assertEqual((status["state"], status["flow"], status["problems"]), ("received", "orders", []))

    def test_what_a_held_document_waits_for_is_told_as_described(self):
        self.document_type.handler = False
        answer = self.send(status=202).json()
        self.run_tasks()
        status = self.get(answer["status_url"], status=200).json()
        self.assertEqual(status["state"], "held")
        self.assertEqual([problem["code"] for problem in status["problems"]], ["document_type.no_handler"])
        description = self.get("/integration/api/v1/openapi.json", status=200).json()
        operation = description["paths"]["/integration/api/v1/messages/{id}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        self.assertEqual(complaints(schema, status), [])
        del status["problems"][0]["remedy"]
        self.assertTrue(complaints(schema, status), "the schema would take anything")

    def test_what_odoo_refuses_is_not_told_in_its_words(self):
        """They may name records: patients, accounts, colleagues."""

        def refuse(*_arguments):
            raise UserError("Jane Roe has no address.")

        self._apply = refuse
        answer = self.send(status=202).json()
        self.run_tasks()
        [problem] = self.get(answer["status_url"], status=200).json()["problems"]
        self.assertEqual(problem["code"], "odoo.refused")
        self.assertNotIn("Roe", json.dumps(problem))

    def test_the_same_key_and_bytes_are_one_message(self):
        first = self.send(status=202, Idempotency_Key="a").json()
        self.assertEqual(self.send(status=202, Idempotency_Key="a").json(), first)
        self.assertNotEqual(self.send(status=202, Idempotency_Key="b").json(), first)
        self.assertEqual(len(self.messages()), 2)
        other = self.send({"order": 2, "lines": []}, Idempotency_Key="a")
        self.assert_problem(other, 409, "idempotency.reused")
        self.assert_problem(self.send(Idempotency_Key="x" * 256), 400, "header.idempotency_key")
        self.assertEqual(len(self.messages()), 2)

    def test_without_a_key_the_same_bytes_are_one_message(self):
        self.assertEqual(self.send(status=202).json(), self.send(status=202).json())
        self.assertEqual(len(self.messages()), 1)

    def test_a_document_that_is_not_as_its_schema_is_refused_with_its_places(self):
        document = {"order": "one", "lines": [{"item": "gloves"}, {"item": 7}], "note": "x"}
        problem = self.assert_problem(self.send(document), 422, "body.schema")
        self.assertEqual(
            sorted((place["pointer"], place["expected"], place["found"]) for place in problem["errors"]),
            [
                ("/", "only the names of the schema", "another name"),
                ("/lines/1/item", 'type: "string"', "number"),
                ("/order", 'type: "integer"', "text of 3 characters"),
            ],
        )
        missing = self.assert_problem(self.send({"order": 1}), 422, "body.schema")
        self.assertEqual(missing["errors"][0]["pointer"], "/lines")
        self.assertFalse(self.messages())

    def test_a_refusal_does_not_repeat_what_was_sent(self):
        response = self.send({"order": "Alex Testcase", "lines": "Alex Testcase", "Alex Testcase": 1})
        self.assert_problem(response, 422, "body.schema")
        self.assertNotIn("Alex", response.text)

    def test_what_is_no_json_is_refused(self):
        for body in (b"{", b'{"order": NaN}', b'{"a": 1, "a": 2}', b"\xff", b"[" * 5000 + b"]" * 5000):
            with self.subTest(body[:20]):
                self.assert_problem(self.request(ORDERS, body, JSON), 400, "body.json")
        self.assert_problem(self.request(ORDERS, b"", JSON), 400, "body.empty")

    def test_other_content_types_are_refused(self):
        for media_type in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""):
            with self.subTest(media_type):
                response = self.request(ORDERS, b"{}", {"Content-Type": media_type})
                self.assert_problem(response, 415, "body.media_type")
        self.request(
            ORDERS, json.dumps(DOCUMENT).encode(), {"Content-Type": "application/json; charset=utf-8"},
            status=202,
        )  # fmt: skip

    def test_large_documents_are_refused(self):
        self.flow.max_bytes = 20
        self.assert_problem(self.send(), 413, "body.size")
        self.flow.max_bytes = 5 << 20
        self.assert_problem(self.request(ORDERS, b" " * (17 << 20), JSON), 413, "http")

    def test_only_named_flows_that_take_documents(self):
        other = self.new_flow("other", self.document_type)
        self.assert_problem(self.send(path="/integration/api/v1/messages/other"), 404, "flow.unknown")
        self.assert_problem(self.send(path="/integration/api/v1/messages/none"), 404, "flow.unknown")
        self.client.flow_ids += other
        other.action_revise()
        self.assert_problem(self.send(path="/integration/api/v1/messages/other"), 409, "flow.not_live")
        self.flow.action_pause()
        self.send(status=202)

    def test_a_client_sees_its_own_messages_only(self):
        answer = self.send(status=202).json()
        stranger = self.env["integration.client"].create(
            {"name": "Stranger", "user_id": self.integration_user("api-stranger").id}
        )
        key = self.new_key(stranger)
        self.assert_problem(self.get(answer["status_url"], key=key), 404, "message.unknown")
        for uuid in ("none", "a%00b"):
            self.assert_problem(self.get(f"{ORDERS[:-6]}{uuid}"), 404, "message.unknown")

    def test_other_methods_and_paths_are_told_as_problems(self):
        response = self.request(ORDERS, method="PUT")
        self.assert_problem(response, 405, "http.method")
        self.assertEqual(response.headers["Allow"], "GET, POST")
        self.assert_problem(self.request("/integration/api/v1/nothing"), 404, "http")

    def test_schemas_that_cannot_be_used_are_refused(self):
        unusable = [
            "{",
            "[]",
            '{"type": "nothing"}',
            '{"$ref": "https://example.org/schema"}',
            '{"pattern": "(?=a)"}',
        ]
        for schema in unusable:
            with self.subTest(schema), self.assertRaises(ValidationError):
                self.document_type.json_schema = schema

    def test_a_pattern_that_backtracks_does_not_hold_a_request(self):
        self.document_type.json_schema = json.dumps({"properties": {"code": {"pattern": "^(a+)+$"}}})
        problem = self.assert_problem(self.send({"code": "a" * 50_000 + "!"}), 422, "body.schema")
        self.assertEqual(problem["errors"][0]["pointer"], "/code")

    def test_the_description_names_what_the_client_may_call(self):
        path = "/integration/api/v1"
        self.new_flow("other", self.document_type)
        reports = self.new_document_type("reports", "json", direction="out", handler=False)
        self.client.flow_ids += self.new_flow("reports", reports)
        document = self.get(f"{path}/openapi.json", status=200).json()
        self.assertEqual(document["openapi"], "3.1.0")
        self.assertEqual(
            set(document["paths"]),
            {f"{path}/messages/orders", f"{path}/messages/{{id}}", f"{path}/reads/messages",
             f"{path}/openapi.json"},
        )  # fmt: skip
        content = document["paths"][f"{path}/messages/orders"]["post"]["requestBody"]["content"]
        self.assertEqual(content, {"application/json": {"schema": SCHEMA}})


@tagged("post_install", "-at_install")
class TestApiReads(ApiCase):
    READ = "/integration/api/v1/reads/messages"

    def setUp(self):
        super().setUp()
        self.sent = [self.send({"order": n, "lines": []}, status=202).json()["id"] for n in range(3)]

    def test_pages_follow_each_other(self):
        first = self.get(self.READ, status=200).json()
        self.assertEqual([row["id"] for row in first["rows"]], self.sent[:2])
        second = self.get(f"{self.READ}?after={first['next']}", status=200).json()
        self.assertEqual([row["id"] for row in second["rows"]], self.sent[2:])
        self.assertIsNone(second["next"])

    def test_only_named_fields_are_told(self):
        self.client.read_ids.field_names = "id, state"
        rows = self.get(self.READ, status=200).json()["rows"]
        self.assertEqual(set(rows[0]), {"id", "state"})
        with self.assertRaises(ValidationError):
            self.client.read_ids.field_names = "id, password"

    def test_parameters_and_limits_are_checked(self):
        for query in (
            "limit=3", "limit=0", "limit=x", "limit=0000000011000", f"limit={'0' * 5000}1", "nothing=1",
            "state=Received", f"flow={'x' * 201}", "flow=%00", "after=1%00",
        ):  # fmt: skip
            with self.subTest(query):
                self.assert_problem(self.get(f"{self.READ}?{query}"), 400, "read.parameters")
        self.assertEqual(self.get(f"{self.READ}?state=applied", status=200).json()["rows"], [])
        self.assertEqual(len(self.get(f"{self.READ}?limit=1", status=200).json()["rows"]), 1)

    def test_a_read_is_granted_by_name(self):
        self.client.read_ids.unlink()
        self.assert_problem(self.get(self.READ), 404, "read.unknown")
        self.assert_problem(self.get("/integration/api/v1/reads/none"), 404, "read.unknown")


@tagged("post_install", "-at_install")
class TestApiReadOnly(ApiCase):
    _registry_readonly_enabled = True

    def test_reads_use_a_read_only_cursor(self):
        seen = []
        self.patch(type(self.env["integration.client"]), "_take_token", lambda client: 0)
        rows = type(self.env["integration.read.messages"])._rows

        def note(read, *arguments):
            seen.append(read.env.cr.readonly)
            return rows(read, *arguments)

        self.patch(type(self.env["integration.read.messages"]), "_rows", note)
        self.get(TestApiReads.READ, status=200)
        self.assertEqual(seen, [True])
