"""What happens when a key is retired while somebody encrypts, on real connections."""

import base64
import os
from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from ..models.integration_keyring import IntegrationKeyring
from .common import IntegrationCase

OLD, NEW = "race-old", "race-new"


def key(key_id):
    return f"{key_id}:{base64.urlsafe_b64encode(key_id.ljust(32, '.').encode()).decode()}"


@tagged("post_install", "-at_install")
class TestKeyringRace(IntegrationCase):
    """Two hosts: one still has the old key first, the other has the new one and retires the old one."""

    def setUp(self):
        super().setUp()
        # What the database depends on besides is no business of this test, nor are other tables than its own.
        known = patch.object(
            IntegrationKeyring, "_load", lambda keyring, recorded, **options: _original_load(keyring, set())
        )
        known.start()
        self.addCleanup(known.stop)
        nothing_left = patch.object(
            self.registry["integration.keyring"], "_encrypted_models", lambda _self: []
        )
        nothing_left.start()
        self.addCleanup(nothing_left.stop)
        self.others = self._recorded()
        self.addCleanup(self._restore)
        with self.host(OLD) as old:
            old._encrypt(b"before", "test")
            old.env.cr.commit()
        with self.host(NEW) as new:
            new._encrypt(b"before", "test")
            new.env.cr.commit()

    @contextmanager
    def host(self, active):
        """Yield the keyring of a host in a transaction of its own on a real connection."""
        with self.registry.cursor() as cr, self.keys_of(active):
            try:
                yield api.Environment(cr, SUPERUSER_ID, {})["integration.keyring"]
            finally:
                cr.rollback()

    def keys_of(self, active):
        keys = sorted((OLD, NEW), key=lambda key_id: key_id != active)
        return patch.dict(os.environ, {"HEALTHCARE_INTEGRATION_KEYS": ",".join(map(key, keys))})

    def _recorded(self):
        with self.registry.cursor() as cr:
            return api.Environment(cr, SUPERUSER_ID, {})["integration.keyring"]._recorded_ids()

    def _restore(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM integration_key WHERE key_id = ANY(%s)", ([OLD, NEW],))
            cr.execute(
                "UPDATE integration_key SET retired_on = NULL WHERE key_id = ANY(%s)", (list(self.others),)
            )
            cr.commit()

    def _retire(self):
        """Let the host with the new key retire whatever nothing seems to need."""
        with self.host(NEW) as new:
            retired = new._retire_unused()
            new.env.cr.commit()
        return retired

    def test_a_key_that_was_retired_meanwhile_is_not_written_with(self):
        with self.host(OLD) as old:
            old.env.cr.execute("SELECT 1")
            with self.keys_of(NEW):
                self.assertIn(OLD, self._retire())
            with self.assertRaises(SerializationFailure):
                old._encrypt(b"late", "test")
            old.env.cr.rollback()
            old._encrypt(b"late", "test")
            old.env.cr.commit()
        self.assertIn(OLD, self._recorded(), "the repeat records that the database depends on the key again")

    def test_a_key_is_not_retired_before_what_it_writes_is_seen(self):
        with self.host(OLD) as old:
            old._encrypt(b"now", "test")
            with self.keys_of(NEW), self.assertRaises(LockNotAvailable):
                self._retire()
            old.env.cr.commit()
            with self.keys_of(NEW):
                self.assertIn(OLD, self._retire())


_original_load = IntegrationKeyring._load
