import hashlib

from odoo import api, models

from ..errors import DocumentError
from .access import require_group

CHUNK_SIZE = 1 << 20
REENCRYPTED_CHUNKS = 500
REENCRYPTED_BYTES = 8 << 20


class IntegrationMessagePayload(models.Model):
    """Where payloads live: encrypted 1 MiB chunks in a table that the ORM does not know.

    One large value would cost nine times its size in memory to write, and a file store is per host.
    Without a field, no read, export, view or search can reach a payload.
    """

    _inherit = "integration.message"

    def init(self):
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS integration_message_chunk (
                message_id integer NOT NULL REFERENCES integration_message ON DELETE CASCADE,
                chunk_index integer NOT NULL,
                key_id varchar NOT NULL,
                data bytea NOT NULL,
                PRIMARY KEY (message_id, chunk_index));
            ALTER TABLE integration_message_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
            CREATE INDEX IF NOT EXISTS integration_message_chunk_key_idx
                ON integration_message_chunk (key_id, message_id, chunk_index);
            """
        )

    def _store_payload(self, chunks):
        """Encrypt and store a payload as it streams in, and note its size and hash.

        :param chunks: iterable of bytes of any lengths
        :raise DocumentError: if there is not a single byte
        """
        self.ensure_one()
        self.flush_recordset()
        keyring = self.env["integration.keyring"]._ring_to_write()
        digest, size, index, buffer = hashlib.sha256(), 0, 0, bytearray()
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            buffer += chunk
            # The last chunk is sealed as such, so a full one is written only when more has come.
            while len(buffer) > CHUNK_SIZE:
                self._insert_chunk(keyring, index, bytes(buffer[:CHUNK_SIZE]), is_last=False)
                del buffer[:CHUNK_SIZE]
                index += 1
        if not size:
            raise DocumentError(
                "payload.empty",
                "The file is empty.",
                location=self.file_name or "",
                expected="a document",
                found="0 bytes",
                remedy="Ask the sender to send it again.",
            )
        self._insert_chunk(keyring, index, bytes(buffer), is_last=True)
        self.write({"payload_size": size, "payload_hash": digest.hexdigest()})

    def _insert_chunk(self, keyring, index, data, *, is_last):
        sealed = keyring.encrypt_chunk(data, self.uuid, index, is_last)
        self.env.cr.execute(
            "INSERT INTO integration_message_chunk (message_id, chunk_index, key_id, data)"
            " VALUES (%s, %s, %s, %s)",
            (self.id, index, keyring.active_id, sealed),
            log_exceptions=False,
        )

    def _payload_chunks(self, start=0, end=None):
        """Yield the payload from byte ``start`` to before byte ``end``, in pieces of at most 1 MiB.

        A child reads its range of its parent's payload, a duplicate the payload of its original.

        :raise TamperedPayloadError: if the stored chunks are not those that were written
        """
        self.ensure_one()
        owner, start, end = self._payload_range(start, end)
        keyring = self.env["integration.keyring"]._keyring()
        last_index = (owner.payload_size - 1) // CHUNK_SIZE
        for index in range(start // CHUNK_SIZE, last_index + 1):
            offset = index * CHUNK_SIZE
            if offset >= end:
                break
            data = owner._read_chunk(keyring, index, is_last=index == last_index)
            yield data[max(start - offset, 0) : end - offset]

    def _disclosed_payload(self, way, end=None, *, is_masked=False):
        """Yield the payload for a person to see; whatever shows, downloads or exports one reads it here.

        The reading is in the audit log before the first byte is.

        :param str way: by which it is read, e.g. ``screen``
        :param bool is_masked: no value is shown as it is, which needs no more than the role Viewer
        :raise AccessError: without the role Unmasked or without access to the message
        """
        self.ensure_one()
        require_group(self, "group_viewer" if is_masked else "group_phi")
        detail = {"way": way, "masked": True} if is_masked else {"way": way}
        self.env["integration.audit.entry"]._record("message.payload_read", self, detail)
        # The right to the message was checked; chunks are no field that rights could be set on.
        return self.sudo()._payload_chunks(end=end)

    def _payload_range(self, start, end):
        """Return whose chunks hold this message's payload, and the absolute range in them."""
        if self.duplicate_of_id:
            return self.duplicate_of_id._payload_range(start, end)
        if not self.parent_id:
            return self, start, self.payload_size if end is None else end
        length = self.byte_end - self.byte_start
        return self.parent_id._payload_range(
            self.byte_start + start, self.byte_start + (length if end is None else min(end, length))
        )

    def _read_chunk(self, keyring, index, *, is_last):
        self.env.cr.execute(
            "SELECT data FROM integration_message_chunk WHERE message_id = %s AND chunk_index = %s",
            (self.id, index),
        )
        row = self.env.cr.fetchone()
        if row is None:
            raise DocumentError(
                "payload.missing",
                "A part of the payload is not in the database.",
                location=f"{self.name}, chunk {index}",
                expected="all chunks as they were received",
                found="no row",
                remedy="Restore the database from a backup, or ask the sender for the file.",
            )
        return keyring.decrypt_chunk(bytes(row[0]), self.uuid, index, is_last)

    def _payload(self):
        """Return the whole payload as bytes; for payloads that are known to be small."""
        return b"".join(self._payload_chunks())

    def _drop_payload(self):
        """Delete the stored chunks of messages that need none of their own."""
        self.env.cr.execute("DELETE FROM integration_message_chunk WHERE message_id = ANY(%s)", (self.ids,))

    # === ROTATION === #

    @api.model
    def _reencrypt(self, limit=REENCRYPTED_CHUNKS):
        """Encrypt payload chunks of former keys with the current one, at most 8 MiB at a time.

        :return: the number of chunks that were changed; 0 when none is left
        """
        self.flush_model(["uuid", "payload_size"])
        keyring = self.env["integration.keyring"]
        ring, positions = keyring._ring_to_write(), self._chunks_of_keys(keyring._former_ids(), limit)
        if not positions:
            return 0
        self.env.cr.execute(
            """
            SELECT chunk.message_id, chunk.chunk_index, chunk.data, message.uuid,
                   chunk.chunk_index = (message.payload_size - 1) / %s
              FROM integration_message_chunk chunk JOIN integration_message message ON message.id = message_id
             WHERE (chunk.message_id, chunk.chunk_index) IN %s
            """,
            (CHUNK_SIZE, tuple(positions)),
        )
        changed = [
            (message_id, index, ring.reencrypt_chunk(data, uuid, index, is_last))
            for message_id, index, data, uuid, is_last in self.env.cr.fetchall()
        ]
        message_ids, indexes, blobs = (list(column) for column in zip(*changed, strict=True))
        self.env.cr.execute(
            """
            UPDATE integration_message_chunk AS chunk SET data = new.data, key_id = %s
              FROM unnest(%s, %s, %s) AS new (message_id, chunk_index, data)
             WHERE chunk.message_id = new.message_id AND chunk.chunk_index = new.chunk_index
            """,
            (ring.active_id, message_ids, indexes, blobs),
            log_exceptions=False,
        )
        return len(changed)

    def _chunks_of_keys(self, key_ids, limit):
        """Lock the next chunks that are encrypted with one of these keys; return their positions."""
        self.env.cr.execute(
            """
            SELECT message_id, chunk_index, octet_length(data) FROM integration_message_chunk
             WHERE key_id = ANY(%s) ORDER BY message_id, chunk_index LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
            """,
            (key_ids, limit),
            log_exceptions=False,
        )
        positions, size = [], 0
        for message_id, index, length in self.env.cr.fetchall():
            size += length
            if positions and size > REENCRYPTED_BYTES:
                break
            positions.append((message_id, index))
        return positions

    @api.model
    def _uses_keys(self, key_ids):
        """Tell whether a payload chunk is encrypted with one of these keys."""
        self.env.cr.execute(
            "SELECT 1 FROM integration_message_chunk WHERE key_id = ANY(%s) LIMIT 1", (key_ids,)
        )
        return self.env.cr.fetchone() is not None
