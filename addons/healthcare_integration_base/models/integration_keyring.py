import datetime
import logging
import os

from odoo import api, models
from odoo.tools import SQL, config

from ..keyring import Keyring, KeyringError
from ..keyring.keyring import ENVIRONMENT_VARIABLE
from .data_files import data_path

_logger = logging.getLogger(__name__)

KEY_FILE_OPTION = "healthcare_integration_key_file"
RECORDED_KEYS = SQL("SELECT key_id FROM integration_key WHERE retired_on IS NULL")
# The ring of this process, beside what it was loaded from: keys that are exchanged are noticed.
_loaded = {"source": None, "ring": None}


class IntegrationKeyring(models.AbstractModel):
    """The keys of this process, and the record of which of them this database depends on."""

    _name = "integration.keyring"
    _description = "Integration Keyring"

    def _register_hook(self):
        """Report at start what could not be decrypted later."""
        super()._register_hook()
        try:
            if self._recorded_ids():
                self._load(self._recorded_ids())
        except KeyringError as error:
            _logger.error("Encrypted data of this database cannot be read: %s", error)

    @api.model
    def _keyring(self):
        """Return the ring, with its active key recorded as one that this database needs.

        A key is generated only while the database depends on none.

        :rtype: keyring.Keyring
        :raise MissingKeyError: if a recorded key is not at hand
        :raise KeyringError: if the keys cannot be loaded
        """
        return self._with_active_recorded(self._recorded_ids())

    @api.model
    def _with_active_recorded(self, recorded):
        ring = self._load(recorded, generate_allowed=not recorded)
        if ring.active_id not in recorded:
            self._record_key(ring.active_id)
        return ring

    @api.model
    def _load(self, recorded, *, generate_allowed=False):
        """Return the ring of this process, loaded again when its source has changed.

        :param recorded: ids of keys that it must have
        """
        key_file, default_file = config.get(KEY_FILE_OPTION) or None, data_path("keys")
        source = (os.environ.get(ENVIRONMENT_VARIABLE), _stamp(key_file or default_file))
        if _loaded["source"] != source or not any(source):
            ring = Keyring.load(
                key_file=key_file,
                default_file=default_file,
                generate_allowed=generate_allowed,
                recorded_ids=recorded,
            )
            _loaded.update(source=(source[0], _stamp(key_file or default_file)), ring=ring)
        _loaded["ring"].require(recorded)
        return _loaded["ring"]

    @api.model
    def _ring_at_hand(self):
        """Return whatever ring can be loaded, None without any: to show what is missing, not to decrypt."""
        try:
            return self._load(set())
        except KeyringError:
            return None

    @api.model
    def _is_complete(self):
        """Tell whether this process can read everything; what is missing is an error in the log.

        A host without a key must leave the work to others: it could only fail at it.
        """
        recorded = self._recorded_ids()
        try:
            if recorded:
                self._load(recorded)
        except KeyringError as error:
            _logger.error("This process takes no part in the work: %s", error)
            return False
        return True

    @api.model
    def _recorded_ids(self):
        """Return the ids of the keys that this database depends on."""
        self.env.cr.execute(RECORDED_KEYS)
        return {key_id for (key_id,) in self.env.cr.fetchall()}

    @api.model
    def _record_key(self, key_id):
        self.env.cr.execute(
            """
            INSERT INTO integration_key (key_id, first_used_on) VALUES (%s, now() AT TIME ZONE 'UTC')
            ON CONFLICT (key_id) DO UPDATE SET retired_on = NULL
            """,
            (key_id,),
            log_exceptions=False,
        )
        self.env["integration.key"].invalidate_model()
        self.env["integration.audit.entry"]._record("key.used", detail={"key": key_id})

    # === USE === #

    @api.model
    def _current_key_id(self):
        """Return the id of the key that encrypts what is new."""
        return self._keyring().active_id

    @api.model
    def _has_key(self, key_id):
        """Tell whether this process has a key."""
        ring = self._ring_at_hand()
        return ring is not None and key_id in ring.key_ids

    @api.model
    def _ring_to_write(self):
        """Return the ring, and see to it that its active key is not retired before this transaction ends.

        Whatever encrypts something that is kept takes the ring here; decrypting needs :meth:`_keyring` only.

        :raise psycopg2.errors.SerializationFailure: if a key was retired since this transaction began, which
            does not see that; to be repeated, as all such conflicts
        """
        # A key is retired under a lock that waits for this one. The lock on the row is refused to a
        # transaction that began before, and still sees a retired key as one in use: nobody would look for
        # what that encrypted any more.
        self.env.cr.execute(SQL("%s FOR SHARE", RECORDED_KEYS), log_exceptions=False)
        return self._with_active_recorded({key_id for (key_id,) in self.env.cr.fetchall()})

    @api.model
    def _encrypt(self, plaintext, context):
        """Return the ciphertext of a secret.

        :param bytes plaintext: the secret
        :param str context: what it is bound to; needed again to decrypt
        """
        return self._ring_to_write().encrypt(plaintext, context.encode())

    @api.model
    def _decrypt(self, ciphertext, context):
        """Return the plaintext as bytes.

        :raise TamperedPayloadError: if it was made for another context, or changed
        """
        return self._keyring().decrypt(ciphertext, context.encode())

    @api.model
    def _authenticate(self, purpose, data, key_id=None):
        """Return the HMAC of bytes as hexadecimal text, made with a key of its own for the purpose.

        :param str key_id: the key that an earlier code was made with; else the current one
        """
        return self._keyring().hmac(purpose, data, key_id).hex()

    # === ROTATION === #

    @api.model
    def _encrypted_models(self):
        """Return the models that keep something encrypted; addons add theirs.

        Each has ``_reencrypt()``, which re-encrypts one batch with the current key and returns how many
        values it changed, and ``_uses_keys(key_ids)``, which tells whether any value needs one of the keys.
        """
        names = ("integration.credential", "integration.token", "integration.message")
        return [self.env[name] for name in names]

    @api.model
    def _former_ids(self):
        """Return the ids of all keys that this database ever used but for the current one."""
        current = self._current_key_id()
        self.env.cr.execute("SELECT key_id FROM integration_key WHERE key_id <> %s", (current,))
        return [key_id for (key_id,) in self.env.cr.fetchall()]

    @api.model
    def _cron_rotate(self):
        """Re-encrypt in batches with a commit each; a key that nothing needs any more is retired.

        Whenever the process ends, the next run goes on with what is left.
        """
        if not self._is_complete() or not self._former_ids():
            return
        cron, is_through = self.env["ir.cron"], self._rotate()
        if is_through:
            self.env["integration.queue"]._in_own_transaction(self._retire_unused)
        if not self._recorded_ids() - {self._current_key_id()}:
            return
        cron._commit_progress(remaining=1)
        # What others held locked, or were just encrypting, is free again in a moment.
        wait = datetime.timedelta(minutes=1) if is_through else datetime.timedelta()
        cron.browse(self.env.context["cron_id"])._trigger(at=self.env.cr.now() + wait)

    @api.model
    def _rotate(self):
        """Re-encrypt what former keys have encrypted.

        :return: False if the time of the cron's run ended first
        """
        cron, queue = self.env["ir.cron"], self.env["integration.queue"]
        for model in self._encrypted_models():
            while changed := queue._in_own_transaction(model._reencrypt):
                if not cron._commit_progress(processed=changed):
                    return False
        return True

    @api.model
    def _retire_unused(self):
        """Note of each former key that nothing is encrypted with it any more; older seals still name it.

        :return: the ids of the keys that were retired
        :raise psycopg2.errors.LockNotAvailable: while others are encrypting
        """
        # The lock comes first: what is visible is then all that was encrypted before it, and whoever
        # encrypts from now on waits until the keys are retired.
        self.env.cr.execute(
            "SET LOCAL lock_timeout = '500ms'; LOCK TABLE integration_key IN EXCLUSIVE MODE",
            log_exceptions=False,
        )
        unused = [
            key_id
            for key_id in self._recorded_ids() - {self._current_key_id()}
            if not any(model._uses_keys([key_id]) for model in self._encrypted_models())
        ]
        if unused:
            self.env.cr.execute(
                "UPDATE integration_key SET retired_on = now() AT TIME ZONE 'UTC' WHERE key_id = ANY(%s)",
                (unused,),
            )
            self.env["integration.key"].invalidate_model()
            self.env["integration.audit.entry"]._record("key.retired", detail={"keys": sorted(unused)})
        return unused


def _stamp(path):
    """Return what changes when a file is replaced or edited, None when there is no file."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return path, status.st_ino, status.st_mtime_ns, status.st_size
