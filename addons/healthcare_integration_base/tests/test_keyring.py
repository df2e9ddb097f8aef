import base64
import os
import uuid
from unittest.mock import patch

import psycopg2

from odoo import api
from odoo.service.model import call_kw
from odoo.tests import tagged

from ..keyring import MissingKeyError
from ..models import integration_message_payload
from .access_common import AccessCase

VARIABLE = "HEALTHCARE_INTEGRATION_KEYS"


def key(key_id):
    return f"{key_id}:{base64.urlsafe_b64encode(key_id.ljust(32, '.').encode()).decode()}"


@tagged("post_install", "-at_install")
class TestKeyring(AccessCase):
    """Keys come from the environment here; what the database depended on before is set aside."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute("DELETE FROM integration_key")
        cls.keyring = cls.env["integration.keyring"]

    def _keys(self, *key_ids):
        environment = patch.dict(os.environ, {VARIABLE: ",".join(key(key_id) for key_id in key_ids)})
        environment.start()
        self.addCleanup(environment.stop)

    def test_a_used_key_is_recorded_once(self):
        self._keys("one", "two")
        self.keyring._encrypt(b"text", "here")
        self.keyring._encrypt(b"text", "there")
        recorded = self.env["integration.key"].search([])
        self.assertEqual(recorded.mapped("key_id"), ["one"])
        self.assertEqual(recorded.state, "current")

    def test_the_key_that_is_recorded_beside_a_secret_is_the_one_that_encrypted_it(self):
        self._keys("one")
        ring_to_write = type(self.keyring)._ring_to_write

        def exchange_keys_after(keyring):
            ring = ring_to_write(keyring)
            self._keys("two", "one")
            return ring

        with patch.object(type(self.keyring), "_ring_to_write", exchange_keys_after):
            self.credential.new_secret = "secret"
        self.env.cr.execute(
            "SELECT secret_ciphertext, secret_key_id FROM integration_credential WHERE id = %s",
            (self.credential.id,),
        )
        [(ciphertext, key_id)] = self.env.cr.fetchall()
        self.assertEqual(self.keyring._keyring().key_id_of(bytes(ciphertext)), key_id)

    def test_a_missing_key_is_reported_and_never_replaced(self):
        self._keys("one")
        self.credential.new_secret = "secret"
        self._keys("two")
        with self.assertRaises(MissingKeyError) as caught:
            self.credential._reveal()
        self.assertIn("one", str(caught.exception))
        with self.assertRaises(MissingKeyError):
            self.keyring._encrypt(b"text", "here")
        self.assertEqual(self.env["integration.key"].search([]).mapped("state"), ["missing"])

    def test_a_missing_key_is_reported_at_start(self):
        self._keys("one")
        self.keyring._encrypt(b"text", "here")
        self.keyring._register_hook()
        self._keys("two")
        with self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR") as logs:
            self.keyring._register_hook()
        self.assertIn("keys one", logs.output[0])

    def test_no_key_is_generated_once_the_database_depends_on_one(self):
        self._keys("one")
        self.keyring._encrypt(b"text", "here")
        self._keys()
        os.environ[VARIABLE] = ""
        with self.assertRaises(MissingKeyError):
            self.keyring._keyring()

    def _message(self, *chunks):
        message = self.env["integration.message"].create(
            {"company_id": self.company.id, "system_id": self.system.id, "uuid": uuid.uuid4().hex}
        )
        message._store_payload(chunks)
        return message

    def _used_key_ids(self):
        ring = self.keyring._keyring()
        self.env.cr.execute(
            """
            SELECT data FROM integration_message_chunk WHERE message_id = ANY(%s)
             UNION ALL SELECT secret_ciphertext FROM integration_credential WHERE id = ANY(%s)
            """,
            (self.messages.ids, self.credentials.ids),
        )
        return {ring.key_id_of(bytes(blob)) for (blob,) in self.env.cr.fetchall()}

    def test_rotation_reencrypts_secrets_and_payloads(self):
        self._keys("one")
        self.credentials = self.credential + self.other_credential
        for credential in self.credentials:
            credential.new_secret = f"secret of {credential.name}"
        fingerprint = self.credential.fingerprint
        self.messages = self._message(b"x" * (1 << 20), b"the end") + self._message(b"short")
        payloads = [message._payload() for message in self.messages]
        self._forget_other_payloads()
        self._keys("two", "one")
        self.assertEqual(self._used_key_ids(), {"one"})
        call_kw(self.as_user(self.env["integration.key"], "secrets_officer"), "action_rotate", [[]], {})
        with self.enter_registry_test_mode():
            self.env.ref("healthcare_integration_base.ir_cron_integration_rotate").method_direct_trigger()
        self.assertEqual(self._used_key_ids(), {"two"})
        states = {key.key_id: key.state for key in self.env["integration.key"].search([])}
        self.assertEqual(states, {"one": "retired", "two": "current"})
        self._keys("two")
        self.env.invalidate_all()
        self.assertEqual(self.credential._reveal(), f"secret of {self.credential.name}")
        self.assertEqual(self.credential.fingerprint, fingerprint)
        self.assertEqual([message._payload() for message in self.messages], payloads)

    def test_rotation_reencrypts_a_former_signing_secret(self):
        self._keys("one")
        signing = self.env["integration.credential"].create(
            {"name": "Signing", "system_id": self.system.id, "kind": "signing"}
        )
        secrets = [f"{number} secret of sixteen bytes" for number in ("second", "first")]
        for secret in reversed(secrets):
            signing._set_secret(secret)
        self.messages, self.credentials = self.env["integration.message"], signing
        self._forget_other_payloads()
        self._keys("two", "one")
        while self.env["integration.credential"]._reencrypt():
            pass
        self.assertEqual(self.keyring._retire_unused(), ["one"])
        self._keys("two")
        self.assertEqual(signing._signing_secrets(), secrets)

    def test_a_key_that_a_cached_token_needs_is_not_retired(self):
        self._keys("one")
        self.keyring._keyring()
        tokens = self.env["integration.token"]
        self.messages, self.credentials = self.env["integration.message"], self.env["integration.credential"]
        self._forget_other_payloads()
        self.env.cr.execute(
            "INSERT INTO integration_token (credential_id, purpose, token_ciphertext, token_key_id)"
            " VALUES (%s, 'test', 'x', 'one')",
            (self.credential.id,),
        )
        self._keys("two", "one")
        self.keyring._keyring()
        self.assertEqual(self.keyring._retire_unused(), [])
        self.assertEqual([tokens._reencrypt(), tokens._reencrypt()], [1, 0])
        self.assertEqual(self.keyring._retire_unused(), ["one"])

    def _forget_other_payloads(self):
        """What the database held before this test is encrypted with keys that the test does not have."""
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM integration_message_chunk WHERE message_id <> ALL(%s)", (self.messages.ids,)
        )
        self.env.cr.execute(
            "UPDATE integration_credential SET secret_ciphertext = NULL, secret_key_id = NULL"
            " WHERE id <> ALL(%s)",
            (self.credentials.ids,),
        )
        self.env.cr.execute("DELETE FROM integration_token")

    # === WHEN A KEY IS RETIRED === #

    def _store_with(self, key_id, payload):
        self._keys(*{key_id: None, "one": None, "two": None})
        return self._message(payload)

    def test_a_key_in_use_is_not_retired(self):
        self.messages = self._store_with("one", b"first")
        self.credentials = self.credential
        self._forget_other_payloads()
        self._keys("two", "one")
        self._message(b"second")
        self.assertEqual(self.keyring._retire_unused(), [])
        self.assertEqual(self.env["integration.message"]._reencrypt(), 1)
        self.assertEqual(self.env["integration.message"]._reencrypt(), 0)
        self.assertEqual(self.keyring._retire_unused(), ["one"])

    def test_what_a_retired_key_has_encrypted_meanwhile_is_found(self):
        """A process that has not noticed the new key yet may write after the rotation."""
        self._store_with("one", b"first")
        self._keys("two", "one")
        self._message(b"second")
        while self.env["integration.message"]._reencrypt():
            pass
        self.keyring._retire_unused()
        straggler = self._store_with("one", b"late")
        self._keys("two", "one")
        self.messages, self.credentials = straggler, self.env["integration.credential"]
        self.assertEqual(self._used_key_ids(), {"one"})
        self.assertEqual(self.env["integration.message"]._reencrypt(), 1)
        self.assertEqual(self._used_key_ids(), {"two"})
        self.assertEqual(straggler._payload(), b"late")

    def test_a_batch_holds_a_bounded_number_of_bytes(self):
        message = self._store_with("one", b"x" * (3 << 20))
        self._keys("two", "one")
        with patch.object(integration_message_payload, "REENCRYPTED_BYTES", 2 << 20):
            self.assertLess(self.env["integration.message"]._reencrypt(), 3)
        while self.env["integration.message"]._reencrypt():
            pass
        self.assertEqual(message._payload(), b"x" * (3 << 20))

    def test_no_key_is_retired_while_somebody_encrypts(self):
        self._keys("one")
        with self.registry.cursor() as writer, self.registry.cursor() as retirer:
            writer.execute("LOCK TABLE integration_key IN ROW SHARE MODE")
            keyring = api.Environment(retirer, api.SUPERUSER_ID, {})["integration.keyring"]
            with self.assertRaises(psycopg2.errors.LockNotAvailable):
                keyring._retire_unused()
            retirer.rollback()
            writer.rollback()

    def test_who_encrypts_holds_off_the_retirement_of_the_key(self):
        self._keys("one")
        self.env.cr.execute("DELETE FROM integration_key")
        self.keyring._encrypt(b"text", "here")
        self.env.cr.execute(
            "SELECT mode FROM pg_locks WHERE relation = 'integration_key'::regclass"
            " AND pid = pg_backend_pid()"
        )
        self.assertIn("RowShareLock", {mode for (mode,) in self.env.cr.fetchall()})
