import hashlib
import uuid

from odoo import api, models

from ..doors.delivery import Receipt
from ..errors import DocumentError
from ..queue import integration_task
from .integration_message_payload import CHUNK_SIZE


class IntegrationMessageDoor(models.Model):
    """Takes in what webhooks, the API and people bring: store, queue, nothing else."""

    _inherit = "integration.message"

    @api.model
    @api.private
    def _take_in(self, delivery):
        """Store a payload under its identity and queue its processing; a known identity writes nothing.

        :rtype: Receipt
        :raise DocumentError: if there is not a single byte
        """
        if not delivery.body:
            raise DocumentError(
                "payload.empty", "The payload is empty.", expected="a document", found="0 bytes",
                remedy="Send the document as the body of the request.",
            )  # fmt: skip
        digest = hashlib.sha256(delivery.body).hexdigest()
        message_uuid = uuid.uuid4().hex
        message_id = self._insert_received(delivery, message_uuid, digest)
        if message_id is None:
            return self._receipt_of(delivery)
        message = self.browse(message_id)
        message._insert_further_chunks(delivery.body)
        message._queue_opening(delivery.company_id)
        return Receipt(message_uuid, True, digest)

    def _insert_received(self, delivery, message_uuid, digest):
        """Insert identity, message and the first chunk of the payload in one statement.

        The ORM would take several times as long, and a webhook answers a partner who waits.

        :return: the id, None if the identity is taken
        """
        flow = delivery.flow
        body = delivery.body
        keyring = self.env["integration.keyring"]._ring_to_write()
        self.env.cr.execute(
            """
            WITH claimed AS (
                INSERT INTO integration_message_key (company_id, key, message_id)
                VALUES (%(company_id)s, %(identity)s, nextval('integration_message_id_seq'))
                ON CONFLICT (company_id, key) DO NOTHING RETURNING message_id),
            stored AS (
                INSERT INTO integration_message (
                    id, uuid, name, correlation_id, direction, state, company_id, system_id, endpoint_id,
                    flow_id, document_type_id, client_id, file_name, payload_hash, payload_size, is_test,
                    schema_digest, received_at, create_uid, write_uid, create_date, write_date)
                SELECT message_id, %(uuid)s, %(name)s, %(uuid)s, 'in', 'received', %(company_id)s,
                       %(system_id)s, %(endpoint_id)s, %(flow_id)s, %(document_type_id)s, %(client_id)s,
                       %(file_name)s,
                       %(digest)s, %(size)s, %(is_test)s, %(schema_digest)s,
                       %(now)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM claimed RETURNING id)
            INSERT INTO integration_message_chunk (message_id, chunk_index, key_id, data)
            SELECT id, 0, %(key_id)s, %(data)s FROM stored RETURNING message_id
            """,
            {
                "company_id": delivery.company_id,
                "identity": delivery.identity,
                "uuid": message_uuid,
                "name": delivery.file_name or message_uuid[:8],
                "system_id": delivery.system_id,
                "endpoint_id": delivery.endpoint_id,
                "flow_id": flow.id if flow else None,
                "document_type_id": flow.document_type_id.id if flow else None,
                "client_id": delivery.client_id,
                "file_name": delivery.file_name,
                "digest": digest,
                "size": len(body),
                "is_test": delivery.is_test,
                "schema_digest": delivery.schema_digest,
                "now": self.env.cr.now(),
                "uid": self.env.uid,
                "key_id": keyring.active_id,
                "data": keyring.encrypt_chunk(body[:CHUNK_SIZE], message_uuid, 0, len(body) <= CHUNK_SIZE),
            },
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        return row and row[0]

    def _insert_further_chunks(self, body):
        keyring = self.env["integration.keyring"]._ring_to_write() if len(body) > CHUNK_SIZE else None
        for start in range(CHUNK_SIZE, len(body), CHUNK_SIZE):
            end = start + CHUNK_SIZE
            self._insert_chunk(keyring, start // CHUNK_SIZE, body[start:end], is_last=end >= len(body))

    def _receipt_of(self, delivery):
        """Return the receipt of the message that holds the identity."""
        self.env.cr.execute(
            """
            SELECT uuid, payload_hash
              FROM integration_message_key AS key JOIN integration_message AS message
                   ON message.id = key.message_id
             WHERE key.company_id = %s AND key.key = %s
            """,
            (delivery.company_id, delivery.identity),
        )
        message_uuid, digest = self.env.cr.fetchone()
        return Receipt(message_uuid, False, digest)

    def _queue_opening(self, company_id):
        """Queue what follows from receiving a message; the lanes are woken a moment after the commit."""
        company = self.env["res.company"].browse(company_id)
        # The door works as the system user, as the kernel's own steps do.
        self.with_company(company).with_context(integration_ring_soon=True).with_integration_task(
            identity_key=f"message.open:{self.id}", message=self
        )._open_delivery()

    @integration_task("Open what was delivered", priority=8)
    def _open_delivery(self):
        """Enter a message in the audit log and do with it what is done with a file."""
        self.ensure_one()
        self.env["integration.audit.entry"]._record(
            "message.received", self, {"sha256": self.payload_hash, "size": self.payload_size}
        )
        self._open_interchange()
