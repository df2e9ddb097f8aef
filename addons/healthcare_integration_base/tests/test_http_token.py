"""The token that all workers share, on real connections: nothing here is undone by a rollback."""

import threading
from contextlib import ExitStack

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import get_db_name, tagged

from ..errors import TransientError
from ..models.integration_token import EndpointTokenStore
from ..transports import create
from .http_common import SECRET, HttpCase

# of no credential that there is
CREDENTIAL = 2_000_000_000
WORKERS = 6


@tagged("post_install", "-at_install")
class TestHttpToken(HttpCase):
    @classmethod
    def setUpClass(cls):
        cls._commit_key()
        super().setUpClass()

    @classmethod
    def _commit_key(cls):
        """Record the key that encrypts before any transaction here begins: none may wait for another's."""
        with Registry(get_db_name()).cursor() as cr:
            keyring = api.Environment(cr, SUPERUSER_ID, {})["integration.keyring"]
            recorded = keyring._recorded_ids()
            key_id = keyring._current_key_id()
        if key_id not in recorded:
            cls.addClassCleanup(cls._forget_key, key_id)

    @classmethod
    def _forget_key(cls, key_id):
        with Registry(get_db_name()).cursor() as cr:
            cr.execute("DELETE FROM integration_key WHERE key_id = %s", (key_id,))

    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_committed)

    def _delete_committed(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM integration_token WHERE credential_id = %s", (CREDENTIAL,))

    def _transport(self, env=None, **values):
        transport = create(
            "http",
            {
                "base_url": self.partner.url,
                "plain_allowed": True,
                "allowed_networks": "127.0.0.1",
                "authentication": "client_secret_basic",
                "username": "hospital",
                "password": SECRET,
                "token_url": self.partner.url + "/token",
                **values,
            },
        )
        transport.token_store = EndpointTokenStore(
            env or self.env, CREDENTIAL, transport.settings.oauth, 10.0
        )
        return transport

    def _ask_from_many_workers(self):
        """Ask for something that needs a token from several workers at once; return the statuses."""
        statuses, barrier = [], threading.Barrier(WORKERS)

        def work(env):
            with self._transport(env) as transport:
                barrier.wait(10)
                statuses.append(transport.request("GET", "/secure").status)

        with ExitStack() as stack:
            # environments are made by the test's own thread, which holds the lock of the registry
            cursors = [stack.enter_context(self.registry.cursor()) for _worker in range(WORKERS)]
            environments = [api.Environment(cr, SUPERUSER_ID, {}) for cr in cursors]
            threads = [threading.Thread(target=work, args=(env,)) for env in environments]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            for cr in cursors:
                cr.rollback()
        return statuses

    def test_workers_ask_for_one_token(self):
        self.partner.token_delay = 0.3
        self.assertEqual(self._ask_from_many_workers(), [200] * WORKERS)
        self.assertEqual(self.partner.counts["/token"], 1)

    def test_a_refused_token_is_replaced_once_for_all(self):
        with self._transport() as transport:
            transport.request("GET", "/secure")
        self.partner.tokens.clear()
        self.partner.token_delay = 0.2
        self.assertEqual(self._ask_from_many_workers(), [200] * WORKERS)
        self.assertEqual(self.partner.counts["/token"], 2)

    def test_while_one_renews_the_others_go_on_with_the_old_one(self):
        with self._transport() as transport:
            transport.request("GET", "/secure")
        with self.registry.cursor() as cr:
            cr.execute("UPDATE integration_token SET renew_at = 0 WHERE credential_id = %s", (CREDENTIAL,))
        with self.registry.cursor() as renewing:
            renewing.execute(
                "SELECT 1 FROM integration_token WHERE credential_id = %s FOR UPDATE", (CREDENTIAL,)
            )
            with self._transport() as transport:
                self.assertEqual(transport.request("GET", "/secure").status, 200)
            renewing.rollback()
        self.assertEqual(self.partner.counts["/token"], 1)
        with self._transport() as transport:
            transport.request("GET", "/secure")
        self.assertEqual(self.partner.counts["/token"], 2)

    def test_a_worker_that_asks_for_too_long_is_not_waited_for(self):
        with self._transport() as transport:
            transport.request("GET", "/secure")
        with self.registry.cursor() as cr:
            cr.execute(
                "UPDATE integration_token SET expires_at = 0, renew_at = 0 WHERE credential_id = %s",
                (CREDENTIAL,),
            )
        with self.registry.cursor() as renewing:
            renewing.execute(
                "SELECT 1 FROM integration_token WHERE credential_id = %s FOR UPDATE", (CREDENTIAL,)
            )
            transport = self._transport(attempts=1)
            transport.token_store._patience = 0.3
            with self.assertRaises(TransientError) as caught, transport:
                transport.request("GET", "/secure")
            renewing.rollback()
        self.assertEqual(caught.exception.code, "http.token_busy")
        self.assertEqual(self.partner.counts["/token"], 1)

    def test_another_scope_is_another_token(self):
        for scope in ("read", "write", "read"):
            with self._transport(scope=scope) as transport:
                transport.request("GET", "/secure")
        self.assertEqual(self.partner.counts["/token"], 2)

    def test_a_token_that_cannot_be_decrypted_is_replaced(self):
        with self._transport() as transport:
            transport.request("GET", "/secure")
        with self.registry.cursor() as cr:
            cr.execute(
                "UPDATE integration_token SET token_ciphertext = %s WHERE credential_id = %s",
                (b"\x01damaged", CREDENTIAL),
            )
        with self._transport() as transport:
            self.assertEqual(transport.request("GET", "/secure").status, 200)

    def test_tokens_of_a_former_key_are_forgotten_but_for_one_that_is_being_renewed(self):
        for scope in ("read", "write"):
            with self._transport(scope=scope) as transport:
                transport.request("GET", "/secure")
        with self.registry.cursor() as cr:
            cr.execute(
                "UPDATE integration_token SET token_key_id = 'former' WHERE credential_id = %s RETURNING id",
                (CREDENTIAL,),
            )
            ids = [row[0] for row in cr.fetchall()]
        with self.registry.cursor() as renewing, self.registry.cursor() as rotating:
            renewing.execute("SELECT 1 FROM integration_token WHERE id = %s FOR UPDATE", (ids[0],))
            tokens = api.Environment(rotating, SUPERUSER_ID, {})["integration.token"]
            tokens._reencrypt()
            self.assertEqual(tokens.search([("id", "in", ids)]).ids, ids[:1])
            rotating.rollback()
            renewing.rollback()

    def test_a_new_secret_forgets_the_tokens(self):
        with self.enter_registry_test_mode():
            endpoint = self.http_endpoint(**self.oauth_values())
            with endpoint._transport() as transport:
                transport.request("GET", "/secure")
            domain = [("credential_id", "=", endpoint.credential_id.id)]
            self.assertTrue(self.env["integration.token"].search(domain))
            endpoint.credential_id._set_secret("another")
            self.assertFalse(self.env["integration.token"].search(domain))
