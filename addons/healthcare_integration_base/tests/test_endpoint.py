import importlib.util
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..errors import BusinessRuleError, TransientError
from ..models.integration_endpoint import FOLDERS_VARIABLE
from ..transports import ConfigurationError
from .access_common import AccessCase

PASSWORD = "zM9-sandbox-password"
SANDBOX = Path(__file__).resolve().parents[3] / "tests" / "sandbox" / "clearing_house.py"


def load_sandbox():
    specification = importlib.util.spec_from_file_location("integration_sandbox", SANDBOX)
    module = importlib.util.module_from_spec(specification)
    # A dataclass looks its module up.
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


@tagged("post_install", "-at_install")
class TestEndpoint(AccessCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "inbox").mkdir()

    def _folder_endpoint(self, **values):
        return self.env["integration.endpoint"].create(
            {
                "name": "Folder",
                "system_id": self.system.id,
                "transport": "folder",
                "base_path": str(self.folder),
                "inbox_path": "inbox",
                **values,
            }
        )

    def _test(self, endpoint, role="manager"):
        action = self.as_user(endpoint, role).action_test_connection()
        return self.env[action["res_model"]].browse(action["res_id"]).with_user(self.users[role])

    def _outcomes(self, check):
        return [(line.name, line.result) for line in check.line_ids]

    @contextmanager
    def _server(self, password=PASSWORD, *options):
        root = self.folder / "server"
        root.mkdir()
        (root / "outgoing").mkdir()
        with load_sandbox().running(root, "payer", password, self.folder / "state", *options) as server:
            yield server

    def _sftp_endpoint(self, server, **values):
        self.endpoint.write({"host": server.host, "port": server.port, "inbox_path": "outgoing", **values})
        self.as_user(self.credential, "secrets_officer").new_secret = PASSWORD
        return self.endpoint

    # === A REAL FOLDER === #

    def test_a_folder_answers(self):
        (self.folder / "inbox" / "a.835").write_text("ISA")
        endpoint = self._folder_endpoint()
        check = self._test(endpoint)
        self.assertEqual(self._outcomes(check), [("Folder found", "passed"), ("Inbox listed", "passed")])
        self.assertIn("1 files ready", check.line_ids[1].detail)
        self.assertTrue(check.is_passed)
        self.assertEqual(len(self.entries("endpoint.tested", endpoint)), 1)
        with endpoint._transport(for_check=True) as transport:
            [file] = transport.list()
            self.assertEqual(b"".join(transport.fetch(file)), b"ISA")

    def test_a_missing_folder_is_a_failed_step(self):
        check = self._test(self._folder_endpoint(base_path=str(self.folder / "missing")))
        self.assertFalse(check.is_passed)
        self.assertEqual(self._outcomes(check), [("Folder found", "failed"), ("Inbox listed", "skipped")])

    def test_settings_that_cannot_be_used_are_named(self):
        check = self._test(self._folder_endpoint(base_path="relative", inbox_path="../other"))
        self.assertEqual([line.name for line in check.line_ids], ["Settings", "Settings"])
        self.assertTrue(check.line_ids[0].detail.startswith("Base folder: "), check.line_ids[0].detail)

    def test_the_direction_says_which_folders_are_used(self):
        endpoint = self._folder_endpoint(direction="out", outbox_path="inbox", inbox_path="missing")
        self.assertEqual(
            self._test(endpoint).line_ids.mapped("name"), ["Folder found", "Outbox found", "Outbox writable"]
        )
        endpoint.write({"direction": "in", "inbox_path": False})
        self.assertEqual(self._test(endpoint).line_ids.mapped("name"), ["Folder found", "Inbox listed"])

    def test_only_an_administrator_chooses_folders_of_the_server(self):
        endpoint = self._folder_endpoint()
        values = {"name": "Mine", "system_id": self.system.id, "transport": "folder", "base_path": "/etc"}
        manager = self.as_user(endpoint, "manager")
        with self.assertRaises(AccessError):
            manager.create(values)
        for change in ({"base_path": "/etc"}, {"inbox_path": "other"}, {"archive_path": "x"}):
            with self.assertRaises(AccessError):
                manager.write(change)
        with self.assertRaises(AccessError):
            self.as_user(self.endpoint, "manager").write({"transport": "folder"})
        self.as_user(endpoint, "administrator").base_path = "/etc"
        manager.name = "Renamed"

    def test_managers_choose_among_the_folders_that_the_server_allows(self):
        with patch.dict(os.environ, {FOLDERS_VARIABLE: str(self.folder)}):
            endpoint = self._folder_endpoint()
            self.as_user(endpoint, "manager").inbox_path = "inbox"
            self.assertTrue(self._test(endpoint).is_passed)
            self.as_user(endpoint, "manager").base_path = "/etc"
            check = self._test(endpoint)
            self.assertFalse(check.is_passed)
            self.assertIn("a folder below", str(self._error(endpoint)))

    def _error(self, endpoint):
        with self.assertRaises(ConfigurationError) as caught:
            endpoint._transport(for_check=True)
        return caught.exception

    # === A REAL SFTP SERVER === #

    def test_from_an_unknown_server_to_an_active_endpoint(self):
        with self._server() as server:
            endpoint = self._sftp_endpoint(server)
            check = self._test(endpoint)
            self.assertFalse(check.is_passed)
            self.assertEqual(check.presented_key, server.fingerprint)
            self.assertEqual(
                check.line_ids.filtered(lambda line: line.result == "failed").name, "Host key approved"
            )
            with self.assertRaisesRegex(UserError, "key of the server"):
                self.as_user(endpoint, "manager").action_activate()
            with self.assertRaises(AccessError):
                check.with_user(self.users["operator"]).with_context(
                    allowed_company_ids=self.company.ids
                ).action_approve_key()
            again = self.env[check._name].browse(check.action_approve_key()["res_id"])
            self.assertTrue(again.is_passed, self._outcomes(again))
            self.assertEqual(endpoint.host_key, server.fingerprint)
            again.with_user(self.users["manager"]).action_activate()
            self.assertEqual(endpoint.state, "active")
            (self.folder / "server" / "outgoing" / "a.835").write_text("ISA*00")
            with endpoint._transport() as transport:
                [file] = transport.list()
                self.assertEqual(b"".join(transport.fetch(file)), b"ISA*00")
        self.assertTrue(self.entries("endpoint.host_key_approved", endpoint))
        self.assertTrue(self.entries("credential.revealed", self.credential))

    def test_a_secret_stays_with_the_hosts_of_its_officer(self):
        self.endpoint.write({"host": "SFTP.example.org", "inbox_path": "outgoing"})
        officers = self.as_user(self.credential, "secrets_officer")
        officers.write({"new_secret": PASSWORD, "allowed_hosts": "api.example.org, sftp.example.org"})
        self.assertTrue(self.endpoint._transport(for_check=True))
        self.endpoint.host = "collector.example.net"
        with self.assertRaises(ConfigurationError) as caught:
            self.endpoint._transport(for_check=True)
        self.assertEqual(
            (caught.exception.code, caught.exception.found), ("sftp.credential_host", "collector.example.net")
        )

    def test_another_key_than_the_approved_one_is_refused(self):
        with self._server() as server:
            endpoint = self._sftp_endpoint(server, host_key="SHA256:" + "A" * 43)
            check = self._test(endpoint)
            self.assertFalse(check.is_passed)
            self.assertFalse(check.presented_key, "a changed key is not approved with one click")
            self.assertIn("sftp.host_key_mismatch", check.line_ids.mapped("code"))

    def test_a_wrong_password_is_a_failed_step_that_does_not_show_it(self):
        with self._server("other password") as server:
            check = self._test(self._sftp_endpoint(server, host_key=server.fingerprint))
            self.assertEqual(
                [result for _name, result in self._outcomes(check)][:3], ["passed", "passed", "failed"]
            )
            self.assertNotIn(PASSWORD, repr(check.line_ids.mapped("detail")))

    def test_an_endpoint_that_sends_is_tried_by_writing(self):
        with self._server() as server:
            values = {"host_key": server.known_hosts, "direction": "both", "outbox_path": "outgoing"}
            check = self._test(self._sftp_endpoint(server, **values), "operator")
            self.assertTrue(check.is_passed, self._outcomes(check))
            self.assertIn("Outbox writable", check.line_ids.mapped("name"))
            self.assertEqual(list((self.folder / "server" / "outgoing").iterdir()), [])

    def test_a_server_that_is_away_is_a_failed_step(self):
        with self._server() as server:
            endpoint = self._sftp_endpoint(server, host_key=server.fingerprint)
        check = self._test(endpoint)
        self.assertEqual(self._outcomes(check)[0], ("Connected", "failed"))

    def test_a_credential_without_secret_is_named(self):
        self.endpoint.host_key = "SHA256:" + "A" * 43
        check = self._test(self.endpoint)
        self.assertEqual(check.line_ids.mapped("code"), ["credential.not_set"])

    # === LIFECYCLE === #

    def test_only_active_endpoints_of_live_systems_are_used(self):
        endpoint = self._folder_endpoint()
        for state in ("draft", "paused", "suspended"):
            endpoint.state = state
            with self.assertRaises(BusinessRuleError) as caught:
                endpoint._transport()
            self.assertEqual(caught.exception.code, "endpoint.not_active")
        self.as_user(endpoint, "manager").action_activate()
        self.assertTrue(endpoint._transport())
        self.system.active = False
        with self.assertRaises(BusinessRuleError):
            endpoint._transport()

    def test_endpoints_stop_and_start_with_their_system(self):
        endpoint = self._folder_endpoint()
        self.as_user(endpoint, "manager").action_activate()
        paused = self._folder_endpoint(state="paused")
        self.as_user(self.system, "manager").action_suspend()
        self.assertEqual((endpoint.state, endpoint.suspension), ("suspended", "system"))
        with self.assertRaises(UserError):
            self.as_user(endpoint, "manager").action_activate()
        self.as_user(self.system, "manager").action_go_live()
        self.assertEqual(
            (endpoint.state, endpoint.suspension, endpoint.state_reason), ("active", False, False)
        )
        self.assertEqual(paused.state, "paused")

    def test_activation_waits_for_the_system(self):
        endpoint = self._folder_endpoint()
        self.system.state = "draft"
        with self.assertRaisesRegex(UserError, "Approve the system"):
            self.as_user(endpoint, "manager").action_activate()

    def test_looking_now_needs_an_active_receiving_endpoint(self):
        endpoint = self._folder_endpoint()
        with self.assertRaises(UserError):
            self.as_user(endpoint, "operator").action_poll_now()
        endpoint.state = "active"
        self.as_user(endpoint, "operator").action_poll_now()
        task = self.env["integration.task"].search([("model_name", "=", "integration.endpoint")], limit=1)
        self.assertEqual((task.method_name, task.arguments["ids"]), ("_poll", endpoint.ids))
        endpoint.direction = "out"
        with self.assertRaises(UserError):
            self.as_user(endpoint, "operator").action_poll_now()

    def test_states_are_audited(self):
        endpoint = self._folder_endpoint()
        manager = self.as_user(endpoint, "manager")
        manager.action_activate()
        manager.action_pause()
        manager.action_activate()
        manager.action_suspend()
        manager.action_reset_to_draft()
        events = self.env["integration.audit.entry"].search(
            [("res_model", "=", endpoint._name), ("res_id", "=", endpoint.id)], order="id"
        )
        self.assertEqual(
            events.mapped("event"),
            [
                "endpoint.created",
                "endpoint.active",
                "endpoint.paused",
                "endpoint.active",
                "endpoint.suspended",
                "endpoint.draft",
            ],
        )

    def test_the_database_refuses_impossible_numbers(self):
        for values in ({"port": 0}, {"port": 65536}, {"poll_interval_minutes": 0}, {"total_timeout": 0}):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.endpoint.write(values)
                self.env.flush_all()

    # === DASHBOARD === #

    def test_cards_count_their_own_messages(self):
        endpoint = self._folder_endpoint(state="active")
        messages = self.env["integration.message"].create(
            [
                {"company_id": self.company.id, "endpoint_id": endpoint.id, "state": state}
                for state in ("held", "applied", "held")
            ]
        )
        messages[1].received_at = "2020-01-01"
        self.assertEqual((endpoint.message_count, endpoint.held_count, endpoint.recent_count), (3, 2, 2))
        self.assertEqual((self.endpoint.message_count, self.endpoint.held_count), (0, 0))

    def test_cards_count_what_they_lead_to(self):
        endpoint = self._folder_endpoint(state="active")
        values = {"company_id": self.company.id, "endpoint_id": endpoint.id}
        file = self.env["integration.message"].create({**values, "state": "split"})
        self.env["integration.message"].create(
            [{**values, "parent_id": file.id, "position": position, "state": "held"} for position in (1, 2)]
        )
        shown = {
            "action_open_recent": endpoint.recent_count,
            "action_open_held": endpoint.held_count,
            "action_open_messages": endpoint.message_count,
        }
        self.assertEqual(list(shown.values()), [3, 2, 3])
        for name, count in shown.items():
            action = getattr(self.as_user(endpoint, "viewer"), name)()
            self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), count, name)

    def test_health(self):
        endpoint = self._folder_endpoint()
        self.assertEqual(endpoint.health, "off")
        endpoint.state = "active"
        self.assertEqual(endpoint.health, "good")
        endpoint.last_success_at = "2020-01-01"
        self.assertEqual(endpoint.health, "late")
        endpoint.consecutive_errors = 1
        self.assertEqual(endpoint.health, "bad")

    def test_failures_are_noted_until_the_next_success(self):
        endpoint = self._folder_endpoint(state="active")
        for _attempt in range(5):
            endpoint._note_failure(TransientError("sftp.unreachable", "The server does not answer"))
        self.assertEqual((endpoint.state, endpoint.consecutive_errors, endpoint.health), ("active", 5, "bad"))
        self.assertIn("does not answer", endpoint.error_message)
        endpoint._note_success()
        self.assertEqual(
            (endpoint.consecutive_errors, endpoint.error_message, endpoint.health), (0, False, "good")
        )

    def test_settings_that_keep_failing_suspend_the_endpoint(self):
        endpoint = self._folder_endpoint(state="active")
        error = ConfigurationError("sftp.authentication_refused", "The login is refused", remedy="Correct it")
        endpoint._note_failure(error)
        endpoint._note_failure(error)
        self.assertEqual(endpoint.state, "active")
        endpoint._note_failure(error)
        self.assertEqual((endpoint.state, endpoint.suspension), ("suspended", "errors"))
        self.assertEqual(endpoint.state_reason, "The login is refused. Correct it.")
        self.as_user(endpoint, "manager").action_activate()
        self.assertEqual((endpoint.state, endpoint.consecutive_errors), ("active", 0))

    def test_the_cards_need_few_queries_for_many_endpoints(self):
        endpoints = (
            self.endpoint + self._folder_endpoint() + self._folder_endpoint() + self._folder_endpoint()
        )
        endpoints.mapped("name")
        with self.assertQueryCount(2):
            endpoints.mapped("recent_count")
            endpoints.mapped("held_count")
