import hashlib

from odoo import models

from ..errors import DocumentError
from .access import require_group

CHUNK_SIZE = 1 << 20


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
                data bytea NOT NULL,
                PRIMARY KEY (message_id, chunk_index));
            ALTER TABLE integration_message_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
            """
        )

    def _store_payload(self, chunks):
        """Encrypt and store a payload as it streams in, and note its size and hash.

        :param chunks: iterable of bytes of any lengths
        :raise DocumentError: if there is not a single byte
        """
        self.ensure_one()
        self.flush_recordset()
        keyring = self.env["integration.keyring"]._keyring()
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
            "INSERT INTO integration_message_chunk (message_id, chunk_index, data) VALUES (%s, %s, %s)",
            (self.id, index, sealed),
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

    def _disclosed_payload(self, way, end=None):
        """Yield the payload for a person to see; whatever shows, downloads or exports one reads it here.

        The reading is in the audit log before the first byte is.

        :param str way: by which it is read, e.g. ``screen``
        :raise AccessError: without the role Unmasked or without access to the message
        """
        self.ensure_one()
        require_group(self, "group_phi")
        self.env["integration.audit.entry"]._record("message.payload_read", self, {"way": way})
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
