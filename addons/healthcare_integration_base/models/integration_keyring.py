import logging
import os

from odoo import api, models
from odoo.tools import config

from ..keyring import Keyring, KeyringError
from ..keyring.keyring import ENVIRONMENT_VARIABLE
from .data_files import data_path

_logger = logging.getLogger(__name__)

KEY_FILE_OPTION = "healthcare_integration_key_file"
CHUNKS_PER_BATCH = 50
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
        recorded = self._recorded_ids()
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
        self.env.cr.execute("SELECT key_id FROM integration_key WHERE retired_on IS NULL")
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
    def _encrypt(self, plaintext, context):
        """Return the ciphertext of a secret.

        :param bytes plaintext: the secret
        :param str context: what it is bound to; needed again to decrypt
        """
        return self._keyring().encrypt(plaintext, context.encode())

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
        return self._keyring().hmac(purpose, data, key_id)[1].hex()

    # === ROTATION === #

    @api.model
    def _cron_rotate(self):
        """Re-encrypt in batches with a commit each; a key that nothing needs any more is retired."""
        if not self._is_complete():
            return
        ring = self._keyring()
        former = self._recorded_ids() - {ring.active_id}
        if not former:
            return
        if self._rotate():
            self._retire(former)
        else:
            cron = self.env["ir.cron"]
            cron._commit_progress(remaining=1)
            cron.browse(self.env.context["cron_id"])._trigger()

    @api.model
    def _rotate(self):
        """Re-encrypt secrets and payloads that former keys have encrypted.

        :return: False if the time of the cron's run ended first
        """
        cron = self.env["ir.cron"]
        while changed := self.env["integration.credential"]._reencrypt():
            if not cron._commit_progress(processed=changed):
                return False
        position = (0, -1)
        while position := self._reencrypt_chunks(position):
            if not cron._commit_progress(processed=CHUNKS_PER_BATCH):
                return False
        return True

    @api.model
    def _reencrypt_chunks(self, position):
        """Re-encrypt the next payload chunks of former keys.

        :param position: message id and chunk index after which to look
        :return: position of the last chunk that was changed, None when none is left
        """
        ring = self._keyring()
        # The key's id is in the first bytes (see keyring.Keyring); only those are read to select.
        self.env.cr.execute(
            """
            SELECT chunk.message_id, chunk.chunk_index, chunk.data, message.uuid,
                   NOT EXISTS (SELECT FROM integration_message_chunk later
                                WHERE later.message_id = chunk.message_id
                                  AND later.chunk_index > chunk.chunk_index) AS is_last
              FROM integration_message_chunk chunk
                   JOIN integration_message message ON message.id = chunk.message_id
             WHERE (chunk.message_id, chunk.chunk_index) > %s
               AND convert_from(substr(chunk.data, 3, get_byte(substr(chunk.data, 1, 2), 1)), 'UTF8') <> %s
             ORDER BY chunk.message_id, chunk.chunk_index
             LIMIT %s
            """,
            (position, ring.active_id, CHUNKS_PER_BATCH),
        )
        position = None
        for message_id, index, data, uuid, is_last in self.env.cr.fetchall():
            plain = ring.decrypt_chunk(bytes(data), uuid, index, is_last)
            self.env.cr.execute(
                "UPDATE integration_message_chunk SET data = %s WHERE message_id = %s AND chunk_index = %s",
                (ring.encrypt_chunk(plain, uuid, index, is_last), message_id, index),
                log_exceptions=False,
            )
            position = (message_id, index)
        return position

    @api.model
    def _retire(self, key_ids):
        """Note that nothing is encrypted with these keys any more; older seals still name them."""
        self.env.cr.execute(
            "UPDATE integration_key SET retired_on = now() AT TIME ZONE 'UTC' WHERE key_id = ANY(%s)",
            (sorted(key_ids),),
        )
        self.env["integration.key"].invalidate_model()
        self.env["integration.audit.entry"]._record("key.retired", detail={"keys": sorted(key_ids)})


def _stamp(path):
    """Return what changes when a file is replaced or edited, None when there is no file."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return path, status.st_ino, status.st_mtime_ns, status.st_size
