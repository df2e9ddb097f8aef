import logging

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import get_public_method
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..errors import BusinessRuleError
from ..keyring import TamperedPayloadError
from .access_common import AccessCase

SECRET = "correct horse battery staple"


def encrypted_private_key(passphrase):
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(passphrase.encode())
    )
    return text.decode()


@tagged("post_install", "-at_install")
class TestCredential(AccessCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.officer = self.as_user(self.credential, "secrets_officer")
        self.officer.new_secret = SECRET

    def _columns(self):
        self.env.cr.execute("SELECT * FROM integration_credential WHERE id = %s", (self.credential.id,))
        return self.env.cr.dictfetchone()

    # === NOBODY READS A SECRET BACK === #

    def test_the_web_client_gets_nothing_back_when_it_saves(self):
        specification = {name: {} for name in self.credential._fields if name not in ("system_id",)}
        values = {"name": "New", "system_id": self.system.id, "new_secret": SECRET}
        [created] = self.officer.browse().web_save(values, specification)
        self.assertNotIn(SECRET, repr(created))
        self.assertTrue(created["is_set"])
        [changed] = self.officer.web_save({"new_secret": f"{SECRET}!"}, specification)
        self.assertNotIn(SECRET, repr(changed))
        self.assertEqual(self.credential._reveal(), f"{SECRET}!")

    def test_no_reading_method_returns_it(self):
        records = self.officer
        names = list(records._fields)
        answers = [
            records.read(),
            records.read(names),
            records.search_read([], names),
            records.web_search_read([], {name: {} for name in names}),
            records.copy().read(names),
            records.copy_data(),
            records.fields_get(),
        ]
        self.assertNotIn(SECRET, repr(answers))

    def test_export_returns_nothing(self):
        self.users["secrets_officer"].group_ids += self.env.ref("base.group_allow_export")
        rows = self.officer.export_data(["name", "new_secret", "new_passphrase", "is_set"])["datas"]
        self.assertEqual(rows[0][1:3], ["", ""])

    def test_it_cannot_be_searched_or_grouped(self):
        for search in (
            lambda: self.officer.search([("new_secret", "=", SECRET)]),
            lambda: self.officer.search([("new_secret", "like", "correct%")]),
            lambda: self.officer.web_read_group([], ["new_secret"], []),
            lambda: self.officer.search([], order="new_secret"),
            lambda: self.officer.search([("secret_ciphertext", "!=", False)]),
            lambda: self.officer.read(["secret_ciphertext"]),
        ):
            with mute_logger("odoo.domains", "odoo.models"):
                self._assert_refused(search)

    def _assert_refused(self, call):
        """Odoo refuses unknown and unsearchable fields with several classes of errors."""
        try:
            answer = call()
        except (ValueError, UserError):
            return
        self.fail(f"{answer!r} was answered")

    def test_revealing_methods_are_out_of_reach_for_clients(self):
        for name in (
            "_reveal",
            "_transport_values",
            "_set_secret",
            "_reveal_row",
            "_decrypt_row",
            "_reencrypt",
        ):
            with self.assertRaises(AccessError, msg=name):
                get_public_method(self.officer, name)

    def test_the_rpc_service_returns_nothing_and_reveals_nothing(self):
        self.env.flush_all()
        officer = self.users["secrets_officer"]
        officer.password = "integration-secrets_officer"
        self.authenticate(officer.login, officer.login)

        def call(method, *arguments, **keywords):
            params = {"model": self.credential._name, "method": method, "args": arguments, "kwargs": keywords}
            url = f"/web/dataset/call_kw/{self.credential._name}/{method}"
            return self.url_open(url, json={"jsonrpc": "2.0", "method": "call", "params": params}).json()

        specification = {"new_secret": {}, "new_passphrase": {}, "is_set": {}, "fingerprint": {}}
        saved = call(
            "web_save", self.credential.ids, {"new_secret": "over the wire"}, specification=specification
        )
        self.assertEqual(saved["result"][0]["is_set"], True)
        self.assertNotIn("over the wire", repr(saved))
        read = call("read", self.credential.ids)
        self.assertEqual(read["result"][0]["new_secret"], False)
        for method in ("_reveal", "_transport_values"):
            with mute_logger("odoo.http"):
                self.assertIn("error", call(method, self.credential.ids))
        self.env.invalidate_all()
        self.assertEqual(self.credential._reveal(), "over the wire")

    def test_a_copy_has_no_secret(self):
        copy = self.officer.copy()
        self.assertFalse(copy.is_set)
        self.assertFalse(copy.rotated_on)
        with self.assertRaises(BusinessRuleError) as caught:
            copy._reveal()
        self.assertEqual(caught.exception.code, "credential.not_set")

    def test_neither_database_nor_log_holds_it(self):
        with self.assertLogs(level=logging.DEBUG) as logs:
            logging.getLogger("odoo.sql_db").debug("the log is looked at")
            self.officer.new_secret = "another secret of the payer"
            self.env.flush_all()
            self.assertEqual(self.credential._reveal(), "another secret of the payer")
        self.assertNotIn("another secret", "\n".join(logs.output))
        self.assertNotIn(
            b"another secret", b"".join(bytes(v) for v in self._columns().values() if hasattr(v, "tobytes"))
        )
        details = self.entries("credential.rotated", self.credential) + self.entries(
            "credential.set", self.credential
        )
        self.assertNotIn("another secret", repr(details.read()))

    # === WHO MAY ENTER ONE === #

    def test_only_the_secrets_officer_enters_secrets(self):
        for role in ("viewer", "operator", "manager", "auditor", "phi"):
            with self.assertRaises(AccessError, msg=role):
                self.as_user(self.credential, role).new_secret = "mine"

    def test_an_empty_value_keeps_the_secret(self):
        self.officer.write({"name": "Renamed", "new_secret": ""})
        self.assertEqual(self.credential._reveal(), SECRET)

    # === WHAT IT IS BOUND TO === #

    def test_a_ciphertext_moved_to_another_row_is_refused(self):
        other = self.credential.copy()
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE integration_credential SET secret_ciphertext = source.secret_ciphertext
              FROM (SELECT secret_ciphertext FROM integration_credential WHERE id = %s) source
             WHERE id = %s
            """,
            (self.credential.id, other.id),
        )
        with self.assertRaises(TamperedPayloadError):
            other._reveal()

    def test_a_ciphertext_moved_to_another_database_is_refused(self):
        self.env["ir.config_parameter"].set_param("database.uuid", "another")
        with self.assertRaises(TamperedPayloadError):
            self.credential._reveal()

    # === USE === #

    def test_each_use_is_audited_under_the_user_who_runs(self):
        before = len(self.entries("credential.revealed", self.credential))
        self.as_user(self.credential, "operator")._reveal()
        entries = self.entries("credential.revealed", self.credential)
        self.assertEqual(len(entries), before + 1)
        self.assertEqual(entries[0].actor_login, "integration-operator")
        self.assertTrue(self.credential.last_used_on)

    def test_routine_use_is_audited_once_an_hour(self):
        root = self.credential.with_user(SUPERUSER_ID)
        for _use in range(3):
            root._reveal()
        self.assertEqual(len(self.entries("credential.revealed", self.credential)), 1)
        self.env.cr.execute(
            "UPDATE integration_credential SET last_used_on = last_used_on - interval '2 hours'"
            " WHERE id = %s",
            (self.credential.id,),
        )
        root._reveal()
        self.assertEqual(len(self.entries("credential.revealed", self.credential)), 2)

    def test_the_row_is_dated_once_an_hour(self):
        self.credential._reveal()
        self.env.cr.execute(
            "SELECT xmin, ctid FROM integration_credential WHERE id = %s", (self.credential.id,)
        )
        first = self.env.cr.fetchone()
        self.credential._reveal()
        self.env.cr.execute(
            "SELECT xmin, ctid FROM integration_credential WHERE id = %s", (self.credential.id,)
        )
        self.assertEqual(self.env.cr.fetchone(), first)

    def test_a_private_key_shows_its_public_part_only(self):
        private_key = encrypted_private_key("open sesame")
        key = self.officer.create(
            {
                "name": "Key",
                "system_id": self.system.id,
                "kind": "private_key",
                "login": "payer",
                "new_secret": private_key,
                "new_passphrase": "open sesame",
            }
        )
        self.assertRegex(key.public_key, "^ssh-ed25519 AAAA")
        self.assertRegex(key.fingerprint, "^SHA256:")
        self.assertEqual(
            key._transport_values(),
            {"username": "payer", "private_key": private_key, "passphrase": "open sesame"},
        )
        self.assertNotIn("PRIVATE KEY", repr(key.read()))

    def test_an_unreadable_private_key_is_refused_without_showing_it(self):
        self.credential.kind = "private_key"
        private_key = encrypted_private_key("open sesame")
        for values in (
            {"new_secret": private_key},
            {"new_secret": private_key, "new_passphrase": "wrong"},
            {"new_secret": "no key"},
        ):
            with self.assertRaises(ValidationError) as caught:
                self.officer.write(values)
            self.assertNotIn("PRIVATE", str(caught.exception))
        with self.assertRaises(ValidationError):
            self.officer.new_passphrase = "alone"

    def test_equal_secrets_have_equal_fingerprints_and_others_not(self):
        twin = self.officer.copy()
        twin.new_secret = SECRET
        self.assertEqual(twin.fingerprint, self.credential.fingerprint)
        twin.new_secret = "other"
        self.assertNotEqual(twin.fingerprint, self.credential.fingerprint)

    def test_a_used_credential_cannot_be_deleted(self):
        with self.assertRaises(UserError):
            self.credential.unlink()
        self.endpoint.credential_id = False
        self.credential.unlink()
        self.assertTrue(self.entries("credential.deleted"))

    def test_expiry(self):
        for days, expected in ((0, "expired"), (1, "soon"), (30, "soon"), (31, "valid")):
            self.env.cr.execute("SELECT current_date + %s", (days,))
            self.credential.expires_on = self.env.cr.fetchone()[0]
            self.assertEqual(self.credential.expiry, expected, days)
        self.credential.expires_on = False
        self.assertEqual(self.credential.expiry, "none")
