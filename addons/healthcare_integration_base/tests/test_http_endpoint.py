import os
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..errors import BusinessRuleError, TransientError
from ..models.integration_endpoint_http import NETWORKS_VARIABLE
from ..queue import PostponedTask
from ..transports import ConfigurationError
from .http_common import SECRET, HttpCase

NEUTRALIZE = Path(__file__).resolve().parents[1] / "data" / "neutralize.sql"


@tagged("post_install", "-at_install")
class TestHttpEndpoint(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.integration_user("http-manager", "manager")

    def _test(self, endpoint):
        action = endpoint.action_test_connection()
        return self.env[action["res_model"]].browse(action["res_id"])

    # === TEST CONNECTION === #

    def test_each_step_is_shown(self):
        endpoint = self.http_endpoint(**self.oauth_values(check_path="/secure"))
        check = self._test(endpoint)
        self.assertEqual(
            [(line.name, line.result) for line in check.line_ids],
            [
                ("Name resolved", "passed"),
                ("Address allowed", "passed"),
                ("Connected", "passed"),
                ("Access token received", "passed"),
                ("Server answered", "passed"),
            ],
        )
        self.assertTrue(check.is_passed)

    def test_what_fails_says_what_to_do_and_no_secret(self):
        endpoint = self.http_endpoint(**self.oauth_values(check_path="/secure"))
        endpoint.credential_id._set_secret("wr0ng-secret")
        lines = self._test(endpoint).line_ids
        self.assertEqual(lines.mapped("result"), ["passed", "passed", "passed", "failed", "skipped"])
        self.assertEqual(lines[3].code, "http.token_refused")
        self.assertNotIn("wr0ng", lines[3].detail)

    def test_settings_are_named_by_their_labels(self):
        endpoint = self.env["integration.endpoint"].create(
            self.http_values(base_url="ftp://x", pagination="cursor")
        )
        details = self._test(endpoint).line_ids.mapped("detail")
        self.assertTrue(details[0].startswith("Base address: "), details)
        self.assertTrue(details[1].startswith("Where the cursor is: "), details)
        with self.assertRaises(UserError):
            endpoint.action_activate()

    # === WHO MAY OPEN WHAT === #

    def test_only_an_administrator_opens_networks_and_plain_http(self):
        endpoint = self.http_endpoint(
            plain_http_allowed=False, allowed_networks=False, base_url="https://x.test"
        )
        managed = endpoint.with_user(self.manager)
        for values in ({"allowed_networks": "127.0.0.1"}, {"plain_http_allowed": True}):
            with self.assertRaises(AccessError):
                managed.write(values)
            with self.assertRaises(AccessError):
                managed.create(
                    self.http_values(**{"allowed_networks": False, "plain_http_allowed": False, **values})
                )
        managed.base_url = "https://other.test"
        endpoint.allowed_networks = "10.20.0.0/16"
        for values in (
            {"base_url": "https://10.20.0.1"},
            {"token_url": "https://10.20.0.1"},
            {"allowed_networks": False},
        ):
            with self.assertRaises(AccessError):
                managed.write(values)
        managed.list_path = "/items"

    def test_loopback_is_refused_until_it_is_allowed(self):
        endpoint = self.http_endpoint(allowed_networks=False)
        with self.assertRaises(ConfigurationError) as caught, endpoint._transport() as transport:
            transport.request("GET", "/echo")
        self.assertEqual(caught.exception.code, "http.address_refused")
        self.assertFalse(self.partner.seen)
        with patch.dict(os.environ, {NETWORKS_VARIABLE: "127.0.0.0/8"}), endpoint._transport() as transport:
            transport.request("GET", "/echo")
        self.assertTrue(self.partner.seen)

    # === SENDING === #

    def test_a_document_is_sent_once_however_often(self):
        endpoint = self.http_endpoint(send_path="/documents")
        for _repeat in range(2):
            with endpoint._transport() as transport:
                transport.send("invoice-7", [b"{}"], idempotency_key="7f3c")
        self.assertEqual((self.partner.documents, len(self.partner.seen)), ({"7f3c": b"{}"}, 2))

    def test_an_unsure_outcome_is_a_persons_and_no_retry(self):
        endpoint = self.http_endpoint(send_path="/fault/take-and-cut", idempotency_header=False)
        with self.assertRaises(BusinessRuleError) as caught, endpoint._transport() as transport:
            transport.send("invoice-7", [b"{}"])
        self.assertEqual((caught.exception.code, len(self.partner.seen)), ("http.outcome_unknown", 1))

    # === COPIES === #

    def test_a_copied_database_sends_nothing(self):
        endpoint = self.http_endpoint(**self.oauth_values(send_path="/documents"))
        self.env["integration.instance"].search([]).instance_identifier = "of another place"
        for for_check in (False, True):
            with self.assertRaises(BusinessRuleError) as caught:
                endpoint._transport(for_check=for_check)
            self.assertEqual(caught.exception.code, "instance.not_confirmed")
        self.assertFalse(self.partner.seen)

    def test_a_neutralized_database_has_no_secret_and_no_token(self):
        with self.enter_registry_test_mode():
            endpoint = self.http_endpoint(**self.oauth_values())
            with endpoint._transport() as transport:
                transport.request("GET", "/secure")
        count = len(self.partner.seen)
        self.assertTrue(self.env["integration.token"].search([]))
        self.env.flush_all()
        self.env.cr.execute(NEUTRALIZE.read_text())
        self.env.invalidate_all()
        self.assertFalse(self.env["integration.token"].search([]))
        self.assertEqual((endpoint.state, endpoint.suspension), ("suspended", "neutralized"))
        self.assertFalse(endpoint.credential_id.is_set)
        with self.assertRaises(BusinessRuleError):
            endpoint._transport()
        self.assertEqual(len(self.partner.seen), count)

    # === SECRETS === #

    def test_no_field_shows_a_secret_or_a_token(self):
        with self.enter_registry_test_mode():
            endpoint = self.http_endpoint(**self.oauth_values())
            with endpoint._transport() as transport:
                transport.request("GET", "/secure")
        [token] = self.partner.tokens
        for records in (endpoint, endpoint.credential_id, self.env["integration.token"].search([])):
            shown = str(records.read())
            self.assertNotIn(SECRET, shown)
            self.assertNotIn(token, shown)
        self.env.cr.execute(
            "SELECT token_ciphertext FROM integration_token WHERE credential_id = %s",
            (endpoint.credential_id.id,),
        )
        self.assertNotIn(token.encode(), bytes(self.env.cr.fetchone()[0]))

    # === GATE === #

    def test_failures_open_the_circuit_for_everybody_and_a_manager_closes_it(self):
        endpoint = self.http_endpoint(breaker_failures=2, request_attempts=1)
        self.partner.failures = [(500, {})] * 2
        for _failure in range(2):
            with self.assertRaises(TransientError), endpoint._transport() as transport:
                transport.request("GET", "/fault/then-good")
        with self.assertRaises(PostponedTask) as caught, endpoint._transport():
            self.fail("not reached")
        self.assertTrue(0 < caught.exception.seconds <= 60)
        self.assertEqual(len(self.partner.seen), 2)
        endpoint.with_user(self.manager).action_reset_gate()
        with endpoint._transport() as transport:
            self.assertEqual(transport.request("GET", "/fault/then-good").status, 200)
        with self.assertRaises(AccessError):
            endpoint.with_user(self.integration_user("http-viewer", "viewer")).action_reset_gate()

    def test_the_test_goes_round_the_gate(self):
        endpoint = self.http_endpoint(breaker_failures=1, request_attempts=1, check_path="/echo")
        self.partner.failures = [(500, {})]
        with self.assertRaises(TransientError), endpoint._transport() as transport:
            transport.request("GET", "/fault/then-good")
        self.assertTrue(self._test(endpoint).is_passed)

    def test_a_partner_that_asks_to_wait_is_left_alone(self):
        endpoint = self.http_endpoint()
        self.partner.failures = [(429, {"Retry-After": "120"})]
        with self.assertRaises(TransientError), endpoint._transport() as transport:
            transport.request("GET", "/fault/then-good")
        with self.assertRaises(PostponedTask) as caught, endpoint._transport():
            self.fail("not reached")
        self.assertTrue(100 < caught.exception.seconds <= 120)
